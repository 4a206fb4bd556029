# SPDX-License-Identifier: Apache-2.0
# make install, and the sample configuration: httpd takes it as it is, and with every default that
# it shows spelt out.
use strict;
use warnings;
use File::Temp;
use Test::More;
use lib 't/lib';
use RCAPI::Run qw(run slurp);
use RCAPI::Server;
use RCAPI::Test;

my $sample = slurp('conf/rcapi.conf');

subtest 'make install' => sub {
    my $root = File::Temp->newdir('rcapi-XXXXXX', TMPDIR => 1);
    my $env = { MAKEFLAGS => undef, MAKELEVEL => undef, MFLAGS => undef };
    my $r = run({ root => 1, env => $env, timeout => 300 }, 'make', 'install', "DESTDIR=$root", 'PREFIX=/opt/x');
    is($r->{exit}, 0) or diag($r->{out}, $r->{err});
    for my $file (RCAPI::Server::apxs('LIBEXECDIR') . '/mod_rcapi.so', '/opt/x/bin/rcapi-admin', '/opt/x/bin/rhodecode-api') {
        ok(-x "$root$file", $file);
    }
    my $installed = slurp("$root/opt/x/share/mod_rcapi/rcapi.conf");
    like($installed, qr{^LoadModule rcapi_module "?/\S+/mod_rcapi\.so"?$}m, 'the sample knows where the module is');
    $r = run({ root => 1 }, "$root/opt/x/bin/rhodecode-api", '--help');
    is($r->{exit}, 0, 'a program runs from there');
};

subtest 'the sample' => sub {
    my $t = RCAPI::Test->new(start => 0);
    my $data = $t->dir . '/data';
    $sample =~ s{/srv/rcapi/}{$data/}g;
    for my $text ($sample, $sample =~ s/^#(Rcapi)/$1/gmr) {
        my ($exit, $said) = $t->httpd_conf_test($text);
        is($exit, 0) or diag($said);
    }
    $t->done;
};

done_testing;
