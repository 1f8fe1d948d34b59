/* The tests' default configuration: config.h's own defaults. */
