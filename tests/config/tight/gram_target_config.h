/* The tests' target sets nothing. */
