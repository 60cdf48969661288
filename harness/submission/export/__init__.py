"""An entry's scores as other collections of results have them."""
