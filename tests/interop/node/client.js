// The grpc-js client of the interop tests: takes commands on standard input and reports on standard output,
// one JSON object a line, as tests/interop/clients.py describes. It knows no service: messages are made from
// .proto files, so one program serves every application. Arguments: the folder that holds node_modules, the
// folder of the .proto files, the files.
'use strict';

const fs = require('fs');
const path = require('path');
const readline = require('readline');
const { createRequire } = require('module');

const [modules, protoFolder, ...protoFiles] = process.argv.slice(2);
const requireFrom = createRequire(path.join(modules, 'package.json'));
const grpc = requireFrom('@grpc/grpc-js');
const loader = requireFrom('@grpc/proto-loader');

const methods = findMethods(loader.loadSync(protoFiles, {
    includeDirs: [protoFolder], keepCase: true, longs: String, enums: String, bytes: String,
}));
const clients = new Map();
const calls = new Map();

function findMethods(definitions) {
    const found = new Map();
    for (const definition of Object.values(definitions)) {
        if ('format' in definition) {
            continue; // a message or an enum
        }
        for (const method of Object.values(definition)) {
            found.set(method.path, method);
        }
    }
    return found;
}

function report(what) {
    process.stdout.write(JSON.stringify(what) + '\n');
}

function credentials(tls) {
    if (!tls) {
        return grpc.credentials.createInsecure();
    }
    const [ca, key, cert] = [tls.ca, tls.key, tls.cert].map((file) => file ? fs.readFileSync(file) : null);
    return grpc.credentials.createSsl(ca, key, cert);
}

function connect(c) {
    // Each connection is to be one of its own: channels to the same target would share one.
    const options = { 'grpc.use_local_subchannel_pool': 1 };
    if (c.tls?.name) {
        options['grpc.ssl_target_name_override'] = c.tls.name;
    }
    const client = new grpc.Client(c.target, credentials(c.tls), options);
    client.waitForReady(Date.now() + 1000 * c.deadline, (error) => {
        if (error) {
            client.close();
            report({ conn: c.conn, state: error.message });
            return;
        }
        clients.set(c.conn, client);
        report({ conn: c.conn, state: 'ready' });
    });
}

function close(c) {
    clients.get(c.conn)?.close();
    clients.delete(c.conn);
    report({ conn: c.conn, state: 'closed' });
}

function byKey(metadata) {
    const found = {};
    for (const key of Object.keys(metadata?.getMap() ?? {})) {
        found[key] = metadata.get(key).map((v) => (typeof v === 'string' ? v : v.toString('base64')));
    }
    return found;
}

function start(c) {
    const method = methods.get(c.path);
    const client = clients.get(c.conn);
    const metadata = new grpc.Metadata();
    for (const [key, value] of c.metadata ?? []) {
        metadata.add(key, key.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
    }
    const options = c.deadline ? { deadline: Date.now() + 1000 * c.deadline } : {};
    const common = [method.path, method.requestSerialize, method.responseDeserialize];
    const kinds = method.responseStream ? ['ServerStream', 'BidiStream'] : ['Unary', 'ClientStream'];
    const kind = 'make' + kinds[method.requestStream ? 1 : 0] + 'Request';
    const args = method.requestStream ? [metadata, options] : [c.requests[0], metadata, options];
    if (!method.responseStream) {
        args.push((error, reply) => { if (!error) { report({ id: c.id, reply }); } });
    }
    const call = client[kind](...common, ...args);
    let headers;
    call.on('metadata', (metadata) => { headers = metadata; });
    const end = (status) => {
        const [rich] = status.metadata.get('grpc-status-details-bin');
        report({ id: c.id, end: {
            code: status.code, message: status.details, status: rich?.toString('base64'),
            headers: byKey(headers), trailers: byKey(status.metadata),
        } });
    };
    call.on('status', (status) => {
        if (method.responseStream && status.code === grpc.status.OK) {
            call.on('end', () => end(status)); // replies may still be on their way through the stream
        } else {
            end(status);
        }
    });
    if (method.responseStream) {
        call.on('data', (reply) => report({ id: c.id, reply }));
        call.on('error', () => {}); // 'status' says it
    }
    if (method.requestStream) {
        c.requests.forEach((request) => call.write(request));
        if (!c.open) {
            call.end();
        }
    }
    calls.set(c.id, call);
}

const commands = {
    connect,
    close,
    call: start,
    cancel: (c) => calls.get(c.id).cancel(),
    send: (c) => calls.get(c.id).write(c.request),
    finish: (c) => calls.get(c.id).end(),
};
readline.createInterface({ input: process.stdin })
    .on('line', (line) => { const c = JSON.parse(line); commands[c.op](c); })
    .on('close', () => process.exit(0));
