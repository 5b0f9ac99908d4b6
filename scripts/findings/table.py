"""All findings, in the order of the page."""

import catalogue
import catalogue_more
import texts

FINDINGS = texts.FINDINGS + catalogue.FINDINGS + catalogue_more.FINDINGS
