#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Another git is installed while the server runs: what it can is offered from the next request on.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::GitClient;
use RCAPI::Run qw(run spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(start => 0, children => 1);
my $env = $t->{server}{env};
my $other = $t->dir . '/scratch/git';
my ($system) = run({ root => 1 }, 'sh', '-c', 'PATH=/usr/bin:/bin command -v git')->{out} =~ /(\S+)/;
$env->{LD_PRELOAD} .= " $t->{bin}/t/other_program.so";
$env->{RCAPI_OTHER_GIT} = $other;
$t->start;
$t->repo('r', commits => 3);
my ($child) = $t->children;

sub install {
    my ($version) = @_;
    spew("$other.new", "#!/bin/sh\nexport GIT_USER_AGENT=git/$version\nexec $system \"\$\@\"\n");
    chmod 0755, "$other.new";
    rename "$other.new", $other;
}

# The version of git that the server names: to clients of each version of the protocol, and to a push.
sub offered {
    return join ' ', map {
        my $service = $_ < 3 ? 'upload' : 'receive';
        $t->get("/r/info/refs?service=git-$service-pack", headers => ['Git-Protocol' => "version=$_",
            'X-Api-Key' => $t->key('admin')])->body =~ m{agent=git/(\S+)};
    } 0 .. 3;
}

my ($usual) = $t->git('.', 'version') =~ /version (\S+)/;
is(offered(), join(' ', ($usual) x 4), "the system's git");
install('98.1');
is(offered(), join(' ', ('98.1') x 4), 'another one in a folder that comes first');
install('98.2');
is(offered(), join(' ', ('98.2') x 4), 'a newer one in its place');
is(RCAPI::GitClient->new($t)->try($t->dir, 'clone', '-q', $t->url . '/r', $t->dir . '/scratch/c')->{exit}, 0,
    '... which serves a clone');
unlink $other;
is(offered(), join(' ', ($usual) x 4), "removed: the system's again");
is(($t->children)[0], $child, 'without a restart');

$t->done;
done_testing;
