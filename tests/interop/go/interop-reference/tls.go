// The TLS options of the reference server, the same as those of our own.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"os"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

type tlsFiles struct {
	cert, key, clientCA, clientAuth, clientCRL *string
}

func tlsFlags() tlsFiles {
	return tlsFiles{
		cert:       flag.String("tls-cert", "", "the server's certificate; without it, plaintext"),
		key:        flag.String("tls-key", "", "its key"),
		clientCA:   flag.String("client-ca", "", "who signs clients' certificates"),
		clientAuth: flag.String("client-auth", "required", "whether clients must show one: optional or required"),
		clientCRL:  flag.String("client-crl", "", "those that are revoked"),
	}
}

func (f tlsFiles) credentials() (credentials.TransportCredentials, error) {
	if *f.cert == "" {
		return insecure.NewCredentials(), nil
	}
	pair, err := tls.LoadX509KeyPair(*f.cert, *f.key)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}}
	if *f.clientCA != "" {
		if err := f.askClients(config); err != nil {
			return nil, err
		}
	}
	return credentials.NewTLS(config), nil
}

func (f tlsFiles) askClients(config *tls.Config) error {
	ca, err := os.ReadFile(*f.clientCA)
	if err != nil {
		return err
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(ca) {
		return fmt.Errorf("no certificate in %s", *f.clientCA)
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	if *f.clientAuth == "optional" {
		config.ClientAuth = tls.VerifyClientCertIfGiven
	}
	if *f.clientCRL == "" {
		return nil
	}
	config.VerifyConnection, err = refuseRevoked(*f.clientCRL)
	return err
}

func refuseRevoked(path string) (func(tls.ConnectionState) error, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("no list in %s", path)
	}
	list, err := x509.ParseRevocationList(block.Bytes)
	if err != nil {
		return nil, err
	}
	return func(state tls.ConnectionState) error {
		for _, cert := range state.PeerCertificates {
			for _, revoked := range list.RevokedCertificateEntries {
				if cert.SerialNumber.Cmp(revoked.SerialNumber) == 0 {
					return errors.New("revoked")
				}
			}
		}
		return nil
	}, nil
}
