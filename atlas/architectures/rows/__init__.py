"""One row of data per architecture, in the file that it is most like."""
