"""English intermediate tasks as training sets (Phang et al. 2020, arXiv 2005.13013), and MLM."""
