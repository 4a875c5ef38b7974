#!/bin/sh
echo "gantry bench has no transaction producer; the official tproducer.sh runs against Gantry as it is" >&2
exit 1
