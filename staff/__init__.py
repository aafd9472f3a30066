"""``miinti-staff``: what the institute's staff does with the portal, by functions that IAM lets them invoke."""
