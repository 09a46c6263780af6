"""Open one attempt of a production task as a notebook on this machine."""
