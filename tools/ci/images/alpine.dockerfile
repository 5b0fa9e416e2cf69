# The image of the same name with the shell and tools that Alpine has: BusyBox's in place of GNU's, and no bash.
ARG REGULAR
FROM $REGULAR
RUN for tool in $(busybox --list); do \
        case $tool in busybox | setpriv | dpkg* | rpm*) ;; *) ln -sf busybox "/bin/$tool" ;; esac; \
    done; rm -f /bin/bash
