# SPDX-License-Identifier: Apache-2.0
# make install, and the sample configuration: httpd takes it as it is, and with every default that
# it shows spelt out.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use RCAPI::Run qw(run slurp spew);
use RCAPI::Server;
use RCAPI::Temp;
use RCAPI::Test;

my $sample = slurp('conf/rcapi.conf');

subtest 'make install' => sub {
    my $root = RCAPI::Temp::dir();
    my $env = { MAKEFLAGS => undef, MAKELEVEL => undef, MFLAGS => undef };
    my $r = run({ root => 1, env => $env, timeout => 300 }, 'make', 'install', "DESTDIR=$root", 'PREFIX=/opt/x');
    is($r->{exit}, 0) or diag($r->{out}, $r->{err});
    for my $file (RCAPI::Server::apxs('LIBEXECDIR') . '/mod_rcapi.so', '/opt/x/bin/rcapi-admin',
        '/opt/x/bin/rhodecode-api') {
        ok(-x "$root$file", $file);
    }
    my $installed = slurp("$root/opt/x/share/mod_rcapi/rcapi.conf");
    like($installed, qr{^LoadModule rcapi_module "?/\S+/mod_rcapi\.so"?$}m, 'the sample knows where the module is');
    ok(-s "$root/opt/x/share/$_", $_) for 'bash-completion/completions/rhodecode-api',
        'zsh/site-functions/_rhodecode-api';
    $r = run({ root => 1 }, "$root/opt/x/bin/rhodecode-api", '--help');
    is($r->{exit}, 0, 'a program runs from there');
    spew("$root/opt/x/bin/another", '');
    $r = run({ root => 1, env => $env, timeout => 60 }, 'make', 'uninstall', "DESTDIR=$root", 'PREFIX=/opt/x');
    is($r->{exit}, 0, 'make uninstall') or diag($r->{out}, $r->{err});
    is(`find $root -type f`, "$root/opt/x/bin/another\n", 'leaves what is not ours');
};

subtest 'without the packages' => sub {
    my $place = RCAPI::Temp::dir();
    mkdir "$place/bin";
    for my $program (qw(make sh mkdir touch awk sed rm mv cc git curl perl ar find id nproc)) {
        my ($path) = grep { -x } map { "$_/$program" } split /:/, $ENV{PATH};
        symlink $path, "$place/bin/$program" if $path;
    }
    my $env = { PATH => "$place/bin", MAKEFLAGS => undef, MAKELEVEL => undef, MFLAGS => undef, APXS => undef,
        CC => undef };
    for my $target ('all', 'install') {
        my $r = run({ root => 1, env => $env }, "$place/bin/make", $target, "O=$place/out", "DESTDIR=$place/root",
            'CC=cc');
        is($r->{exit}, 2, "make $target stops");
        like($r->{err},
            qr/\APackages\ are\ missing\.\ On\ Debian:\ sudo\ apt-get\ update\ &&\ sudo\ apt-get\ install\ -y\ [^\n]*
                \ apache2-dev\ [^\n]*\nmake:\ \*\*\*[^\n]*\n\z/x, 'shows the one line to run, and no other complaint');
    }
};

subtest 'without Subversion and Mercurial' => sub {
    my $env = { MAKEFLAGS => undef, MAKELEVEL => undef, MFLAGS => undef };
    my $r = run({ root => 1, env => $env }, 'make', '-n', '-B', 'SVN=', 'HG=', 'all', 'units');
    is($r->{exit}, 0) or diag($r->{err});
    my @built = $r->{out} =~ m{-o \S*/((?:unit/test|fuzz/)\w+)}g;
    ok(scalar @built, 'units are built');
    is_deeply([grep { m{(?:test_|/)(?:hg|svn)(?:_|\z)} } @built], [], 'none of what is left out');
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
