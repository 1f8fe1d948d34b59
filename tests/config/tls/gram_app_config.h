/* The tests of TLS: config.h's own defaults. */
