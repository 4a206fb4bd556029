# SPDX-License-Identifier: Apache-2.0
package RCAPI::Temp;

=head1 NAME

RCAPI::Temp - temporary directories for tests, in memory when there is room

=head1 SYNOPSIS

    my $dir = RCAPI::Temp::dir();             # a File::Temp::Dir; removed with the object
    my $dir = RCAPI::Temp::dir(disk => 1);    # on the disk, for tests of what must reach it

Creating and synchronising files costs a third of the time of the tests on a disk, so that TMPDIR,
unless it is set, becomes F</dev/shm>. RCAPI_ROUNDS=all (C<make check>) leaves everything on the disk.

=cut

use strict;
use warnings;
use File::Temp ();

my $MEMORY = '/dev/shm';
my $ROOM = 2 << 20; # KiB that must be free, there and of the memory; all tests together fill a third

my $disk = $ENV{TMPDIR} // '/tmp';
$ENV{TMPDIR} //= _has_room() ? $MEMORY : $disk;

# Options: disk, keep (do not remove it).
sub dir {
    my (%opt) = @_;
    my $top = $opt{disk} ? $disk : $ENV{TMPDIR};
    return File::Temp->newdir('rcapi-XXXXXX', DIR => -w $top ? $top : '/tmp', CLEANUP => !$opt{keep});
}

# Programs must be able to run there as well.
sub _has_room {
    return 0 if ($ENV{RCAPI_ROUNDS} // '') eq 'all' || !-w $MEMORY;
    my ($mount) = grep { m{^\S+ $MEMORY } } _lines('/proc/mounts');
    my ($available) = map { /^MemAvailable:\s+(\d+) kB/ ? $1 : () } _lines('/proc/meminfo');
    my ($free) = (split ' ', (`df -kP $MEMORY`)[-1] // '')[3];
    return $mount && $mount !~ /\bnoexec\b/ && ($free // 0) > $ROOM && ($available // 0) > 2 * $ROOM;
}

sub _lines {
    my ($file) = @_;
    open my $fh, '<', $file or return;
    return <$fh>;
}

1;
