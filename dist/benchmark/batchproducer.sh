#!/bin/sh
echo "gantry bench has no batch producer; the official batchproducer.sh runs against Gantry as it is" >&2
exit 1
