# The image of the same name with the shell and tools that Alpine has.
ARG REGULAR
FROM $REGULAR
RUN ln -sf busybox /bin/sh
