"""Numbers in the text of a finding, and the expressions they follow from."""
