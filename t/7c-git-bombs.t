#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Small requests to git's URLs that could become large: gzip bombs, and packs whose objects unpack to
# gigabytes. Time, memory and disk stay bounded, and the server serves others meanwhile.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Compress::Raw::Zlib qw(Z_FULL_FLUSH MAX_WBITS);
use Compress::Zlib qw(compress);
use Digest::SHA qw(sha1);
use Test::More;
use Time::HiRes qw(time);

use RCAPI::Pack;
use RCAPI::Processes;
use RCAPI::Run qw(patiently slow);
use RCAPI::Test;

my $M = 1 << 20;
my $NONE = '0' x 40;
my $SECONDS = 1;  # RcapiGitTimeout
my $MEMORY = 200; # MB, RcapiGitMemory
my $t = RCAPI::Test->new(children => 1, threads => 6, directives => <<"END");
Timeout 20
RcapiGitTimeout $SECONDS
RcapiGitMemory ${MEMORY}M
RcapiPushMaxSize 30M
END
my $repo = $t->repo('r', commits => 5);
my $head = $t->git($repo->{path}, 'rev-parse', 'master') =~ s/\n//r;
my $refs = $t->git($repo->{path}, 'for-each-ref');
my ($child) = $t->children;
my $COMMANDS = pkt("$NONE $head refs/heads/x\0report-status") . '0000';

sub pkt { join '', map { sprintf '%04x%s', 4 + length, $_ } @_ }

# Bytes as a gzip stream: $text once, and then $piece, a million bytes or so, $times times.
sub gzip_bomb {
    my ($text, $piece, $times) = @_;
    my $z = Compress::Raw::Zlib::Deflate->new(-WindowBits => -MAX_WBITS, -AppendOutput => 1);
    my @packed = map {
        $z->deflate($_, my $out = '');
        $z->flush($out, Z_FULL_FLUSH); # what follows refers to nothing before, so that it can be repeated
        $out;
    } $text, $piece;
    return pack('C10', 0x1f, 0x8b, 8, (0) x 6, 255) . $packed[0] . $packed[1] x $times;
}

# A blob of zeros, $millions bytes large, in a pack of about a thousandth of that.
sub blob_bomb {
    my ($millions) = @_;
    my $deflated = substr gzip_bomb('', "\0" x $M, $millions), 10;
    return whole_push([{ raw => pack_head(BLOB, $millions * $M) . "\x78\x9c$deflated\x03\0aaaa" }]);
}

# Blobs whose delta repeats a base of 16 million bytes $copies times.
sub delta_bomb {
    my ($copies, $times) = @_;
    my $base = add_whole(my $pack = [], BLOB, "\0" x (16 * $M));
    my $delta = pack_number(16 * $M) . pack_number($copies * 0xffffff) . "\xf0\xff\xff\xff" x $copies;
    push @$pack, ({ raw => pack_head(REF_DELTA, length $delta) . $base . compress($delta) }) x $times;
    return whole_push($pack);
}

sub whole_push {
    my ($pack) = @_;
    my $data = pack('a4NN', 'PACK', 2, scalar @$pack) . join '', map { $_->{raw} } @$pack;
    return $COMMANDS . $data . sha1($data);
}

# Sends a body, and tests the answer, its seconds, and the largest process of git (in MB).
sub attack {
    my ($about, $service, $body, $answer, $most, $gzip) = @_;
    my ($before, $begin) = (memory_peak($child), time);
    my $seen = watch_processes($child, sub {
        my $a = $t->get("/r/git-$service-pack", method => 'POST', body => $body, timeout => 60, headers => [
            'Content-Type' => "application/x-git-$service-pack-request", 'X-Api-Key' => $t->key('admin'),
            $gzip ? ('Content-Encoding' => 'gzip') : ()]);
        return $a->status . ' ' . $a->body;
    });
    my $seconds = time - $begin;
    note(sprintf '%s: %d KB, %.1f s, git has %d MB', $about, length($body) / 1024, $seconds, $seen->{peak} / 1024);
    like($seen->{result}, $answer, $about);
    cmp_ok($seconds, '<', $most * slow(), '... in time');
    return if $ENV{RCAPI_PRELOAD};
    cmp_ok($seen->{peak}, '<', ($MEMORY + 50) << 10, '... memory of git');
    cmp_ok(memory_peak($child) - $before, '<', 48 << 10, '... and of the server');
}

my $ZEROS = "\0" x (16 * $M);
my $LINES = pkt(map { "$NONE $head refs/heads/" . 'x' x 200 . $_ } 1 .. 4000);
my ($LATE, $FAILED) = (qr/^503 /, qr/^200 .*unpack index-pack abnormal exit/s);

subtest 'gzip bombs' => sub {
    attack('a fetch', 'upload', gzip_bomb('', $ZEROS, 640), qr/^413 /, 3, 1);
    attack('a fetch of packets', 'upload', gzip_bomb('', pkt('have ' . 'a' x 60) x $M, 40), qr/^413 /, 3, 1);
    attack('a push of zeros', 'receive', gzip_bomb('', $ZEROS, 640), qr/^400 /, 3, 1);
    attack('a push of commands', 'receive', gzip_bomb('', $LINES, 100), qr/^4(?:00|13) /, 3, 1);
    attack('a push whose pack does not end', 'receive', gzip_bomb($COMMANDS . pack('a4NN', 'PACK', 2, 1), $ZEROS, 640),
        $FAILED, 3, 1);
};
subtest 'packs whose objects are large' => sub {
    attack('1.6 GB by a delta', 'receive', delta_bomb(100, 1), $FAILED, 4);
    attack('20 GB by 400 deltas', 'receive', delta_bomb(3, 400), $LATE, 3 + $SECONDS);
    attack('a blob of 5 GB', 'receive', blob_bomb(5000), $LATE, 3 + $SECONDS);
    attack('... and behind it 10 GB in gzip', 'receive', gzip_bomb(blob_bomb(5000), $ZEROS, 640), $LATE,
        3 + $SECONDS, 1);
};

ok(patiently(20, sub { !programs_of($child) }), 'no program is left');
ok(patiently(20, sub { !glob "$repo->{path}/objects/{tmp_objdir,incoming}-*" }), 'nor objects');
is($t->git($repo->{path}, 'for-each-ref'), $refs, 'the references are as before');
is(($t->children)[0], $child, 'the server is the same');
$t->done;
done_testing;
