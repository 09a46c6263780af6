"""The ground floor: frozen values that every stage shares. No input or output, no wording, standard library only."""
