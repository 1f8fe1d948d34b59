/* The wire itself, before anything is tried on it. */
#ifndef WIRE_SELF_H
#define WIRE_SELF_H

/* Ends the test if the wire does not do what wire.h says. */
void wire_self(void);

#endif
