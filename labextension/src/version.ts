/** The version of this front end: that of the Python package it was built with; a test holds the two together. */
export const VERSION = '0.1.0';
