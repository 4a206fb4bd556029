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

# Manual pages have an entry for each directive and each command, and neither man nor mandoc has anything to say.
sub check_pages {
    my ($prefix, @pages) = @_;
    my $text = join('', map { slurp($_) } @pages) =~ s/\\f[BR]|\\(?=-)//gr;
    my @missing = grep { $text !~ /^(?:\.SS )?\Q$_\E\b/m } slurp('docs/configuration.md') =~ /^### (\w+)/mg,
        run({ root => 1 }, "$prefix/bin/rcapi-admin", 'help')->{out} =~ /^  (\w+).*\n {6}/mg;
    is("@missing", '', 'name all directives and commands');
    for my $checker (['man', '--warnings', '-E', 'UTF-8', '-l'], [qw(mandoc -Tlint)]) {
        next if !grep { -x "$_/$checker->[0]" } split /:/, $ENV{PATH};
        my $r = run({ root => 1 }, @$checker, @pages);
        is($r->{err} . ($checker->[0] eq 'mandoc' && $r->{out}), '', $checker->[0]);
    }
}

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
        'bash-completion/completions/rcapi-admin', 'zsh/site-functions/_rhodecode-api';
    $r = run({ root => 1 }, "$root/opt/x/bin/rhodecode-api", '--help');
    is($r->{exit}, 0, 'a program runs from there');
    check_pages("$root/opt/x", map { "$root/opt/x/share/man/$_" } qw(man1/rhodecode-api.1 man8/rcapi-admin.8
        man8/mod_rcapi.8 man5/rcapi.conf.5));
    spew("$root/opt/x/bin/another", '');
    $r = run({ root => 1, env => $env, timeout => 60 }, 'make', 'uninstall', "DESTDIR=$root", 'PREFIX=/opt/x');
    is($r->{exit}, 0, 'make uninstall') or diag($r->{out}, $r->{err});
    is(`find $root -type f`, "$root/opt/x/bin/another\n", 'leaves what is not ours');
};

# The same files make the same bytes; what is not tracked stays out; debian/changelog follows from CHANGELOG.md.
subtest 'make dist' => sub {
    my $place = RCAPI::Temp::dir();
    my ($version) = slurp('CHANGELOG.md') =~ /^## (\S+)/m;
    my @made = map {
        my $r = run({ root => 1 }, 'make', 'dist', "O=$place/$_");
        is($r->{exit}, 0) or diag($r->{err});
        slurp("$place/$_/mod-rcapi-$version.tar.gz");
    } 1, 2;
    ok($made[0] eq $made[1], 'twice the same');
    my @names = split /\n/, `tar tzf $place/1/mod-rcapi-$version.tar.gz`;
    my %there = map { ($_ => 1) } @names;
    ok($there{"mod-rcapi-$version/$_"}, $_) for 'Makefile', 'conf/debian/rules', 'src/base/text.c';
    is(join(' ', grep { m{^(?!mod-rcapi-\Q$version\E/)|/build/|/\.git/} } @names), '', 'nothing else');
    my $r = run({ root => 1 }, $^X, 'conf/debian/changelog.pl', '9.8');
    like($r->{out}, qr/\Amod-rcapi\ \(9\.8\)\ unstable;\ urgency=medium\n\n\ \ \*\ \S.*?\n\n
        \ --\ .*?\ <\S+>\ \ \w{3},\ \d\d\ \w{3}\ \d{4}\ /xs, 'the changelog of the package');
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
    $sample =~ s{/srv/rcapi/rcapi\.db}{$t->database}eg;
    $sample =~ s{/srv/rcapi/}{$data/}g;
    for my $text ($sample, $sample =~ s/^#(Rcapi)/$1/gmr) {
        my ($exit, $said) = $t->httpd_conf_test($text);
        is($exit, 0) or diag($said);
    }
    $t->done;
};

done_testing;
