"""The institute's accounts (client or supplier, number) and the links people hold on them."""
