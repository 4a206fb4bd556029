# SPDX-License-Identifier: Apache-2.0
package RCAPI::Pack;

=head1 NAME

RCAPI::Pack - packs as git would never write them

=head1 SYNOPSIS

    my $pack = [];
    add_whole($pack, BLOB, "text\n");                    # each returns the id, 20 bytes
    add_above($pack, $id, pack_delta($size, $tail));     # made from the object before it
    add_packed($pack, $id, $bytes);                      # anything, under any id
    save_pack($pack, $repo);                             # $repo->{path}: of a repository

=cut

use strict;
use warnings;
use Compress::Zlib qw(compress crc32);
use Digest::SHA qw(sha1);
use Exporter 'import';
use RCAPI::Run qw(spew);

our @EXPORT = qw(COMMIT TREE BLOB REF_DELTA pack_head pack_number pack_delta object_id
    add_packed add_whole add_above save_pack);

use constant { COMMIT => 1, TREE => 2, BLOB => 3, OFS_DELTA => 6, REF_DELTA => 7 };
my %NAMES = (COMMIT, 'commit', TREE, 'tree', BLOB, 'blob');

sub pack_head {
    my ($type, $size) = @_;
    my @bytes = ($type << 4 | $size & 15);
    push @bytes, $size & 0x7f while ($size = $size >> (@bytes > 1 ? 7 : 4));
    return pack 'C*', map({ $_ | 0x80 } @bytes[0 .. $#bytes - 1]), $bytes[-1];
}

sub pack_number {
    my ($n) = @_;
    return $n < 128 ? pack 'C', $n : pack('C', $n & 0x7f | 0x80) . pack_number($n >> 7);
}

# How far a base is before its delta.
sub pack_distance {
    my ($n) = @_;
    my @bytes = $n & 0x7f;
    unshift @bytes, 0x80 | --$n & 0x7f while $n >>= 7;
    return pack 'C*', @bytes;
}

# All of a base of that size but its end, which is @tail.
sub pack_delta {
    my ($size, $tail) = @_;
    my $len = $size - length $tail;
    my @copy = map { $len >> 8 * $_ & 0xff } 0 .. 2;
    return pack_number($size) . pack_number($size) . pack('C*', 0xf0, @copy) . pack('C/a', $tail);
}

sub object_id { my ($type, $data) = @_; return sha1("$NAMES{$type} " . length($data) . "\0$data") }

# Puts an object into a pack; its id.
sub add_packed {
    my ($pack, $id, $raw) = @_;
    push @$pack, { id => $id, raw => $raw, at => @$pack ? $pack->[-1]{at} + length $pack->[-1]{raw} : 12 };
    return $id;
}

sub add_whole {
    my ($pack, $type, $data) = @_;
    return add_packed($pack, object_id($type, $data), pack_head($type, length $data) . compress($data))
}

sub add_above {
    my ($pack, $id, $delta) = @_;
    my $base = $pack->[-1];
    return add_packed($pack, $id, pack_head(OFS_DELTA, length $delta) . pack_distance(length $base->{raw})
        . compress($delta));
}

# Writes pack and index into the folder of objects of a repository.
sub save_pack {
    my ($pack, $repo) = @_;
    my $data = pack('a4NN', 'PACK', 2, scalar @$pack) . join '', map { $_->{raw} } @$pack;
    my $sum = sha1($data);
    my @sorted = sort { $a->{id} cmp $b->{id} } @$pack;
    my @fanout = (0) x 256;
    for my $o (@sorted) { $fanout[$_]++ for ord($o->{id}) .. 255 }
    my $index = "\377tOc" . pack('N257', 2, @fanout) . join('', map { $_->{id} } @sorted)
        . pack('N*', map { crc32($_->{raw}) } @sorted) . pack('N*', map { $_->{at} } @sorted) . $sum;
    my $name = "$repo->{path}/objects/pack/pack-" . unpack 'H*', $sum;
    spew("$name.pack", $data . $sum);
    spew("$name.idx", $index . sha1($index));
}

1;
