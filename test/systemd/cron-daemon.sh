#!/bin/sh
# Runs a cron daemon that knows one file only: cron-daemon.sh CRON FOLDER. Its mail goes to FOLDER/mail, one file each.
# FOLDER/crontab becomes /etc/cron.d/route-sync, FOLDER/etc /etc/route-sync, FOLDER/bin /usr/local/sbin, and FOLDER/state
# /var/lib/route-sync. Needs root in mount and pid namespaces of its own: nothing of this host is changed or run.
set -eu
cron=$1 folder=$2

mount -t tmpfs -o mode=755 none /run
mkdir -p /run/etc /run/spool/cron/crontabs /run/sbin /run/lock
cp -a /etc/. /run/etc/
rm -rf /run/etc/cron* /run/etc/route-sync
mkdir /run/etc/cron.d
cp -r "$folder/etc" /run/etc/route-sync
install -m 644 "$folder/crontab" /run/etc/cron.d/route-sync
# Whoever runs jobs has no say here.
printf '%s required pam_permit.so\n' auth account session >/run/etc/pam.d/cron
mount --bind /run/etc /etc

mount -t tmpfs -o mode=755 none /var/lib
mkdir /var/lib/route-sync
mount --bind "$folder/state" /var/lib/route-sync
mount --bind /run/spool /var/spool
mount --bind "$folder/bin" /usr/local/sbin

mount --bind /usr/sbin /run/sbin
mount -t tmpfs -o mode=755 none /usr/sbin
ln -s /run/sbin/* /usr/sbin/
rm -f /usr/sbin/sendmail
cat >/usr/sbin/sendmail <<END
#!/bin/sh
cat >'$folder/mail/.new' && mv '$folder/mail/.new' "$folder/mail/\$(date +%s.%N)"
END
chmod 755 /usr/sbin/sendmail

# Where it is installed, its program is below /usr/sbin, too.
exec "$cron" -f
