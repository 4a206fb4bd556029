#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What README, docs/install.md and docs/operations.md tell an administrator, line by line, on a machine that
# has other sites as well: installation, the site of its own with https, the mount below a path, backup,
# restore, move, upgrade, rotation, uninstall.
use strict;
use warnings;
use Cwd ();
use JSON::PP ();
use Test::More;
use RCAPI::Docs;
use RCAPI::Git;
use RCAPI::Run qw(account patiently run slurp spew);
use RCAPI::Server;
use RCAPI::Temp;

my ($account, $uid, $gid) = account()
    or plan skip_all => 'only root has httpd, data and backups of different accounts';
my $build = File::Spec->rel2abs($ENV{RCAPI_BUILD} || 'build');
my $temp = RCAPI::Temp::dir();
chmod 0755, "$temp";
mkdir "$temp/$_" for qw(srv etc enabled bin root logs run htdocs htdocs/.well-known);
symlink "../etc/$_.conf", "$temp/enabled/$_.conf" for qw(code other);
spew("$temp/htdocs/.well-known/challenge", "of ACME\n");
my %port;
$port{$_} = RCAPI::Server::free_port() for qw(443 80);
my @blocks = map { RCAPI::Docs::blocks($_) } qw(docs/install.md docs/operations.md README.md);
my %ran;
END { local $?; apachectl('stop') if $temp && -e "$temp/run/httpd.pid" }

# A text of the pages with the places of this machine.
sub here {
    my ($text) = @_;
    $text =~ s{/(srv|root)\b}{$temp/$1}g;
    $text =~ s{/usr/lib/apache2/modules/mod_rcapi\.so}{$build/mod_rcapi.so}g;
    $text =~ s{/etc/apache2/sites-enabled}{$temp/enabled}g;
    $text =~ s{/etc/apache2/sites-available|/etc/ssl/(?:certs|private)}{$temp/etc}g;
    $text =~ s{/var/backups}{$temp/backups}g;
    $text =~ s{\*:(443|80)\b}{127.0.0.1:$port{$1}}g;
    return $text =~ s/www-data/$account/gr;
}

# The one block of a section.
sub block {
    my ($title, $language) = @_;
    my ($block) = grep { $_->{title} eq $title && $_->{language} eq $language } @blocks or die "no block $title";
    return $block;
}

# The commands of a section, run as root in one shell.
sub try {
    my ($title) = @_;
    my $block = block($title, 'console');
    $ran{"$block->{file}: $title"} = 1;
    my @lines = map { here($_->[0]) } RCAPI::Docs::commands($block);
    s/(\binit .*)/$1 --password secret-1/ for @lines; # in place of a terminal
    my $env = { PATH => "$temp/bin:$ENV{PATH}", MAKEFLAGS => undef, MAKELEVEL => undef, MFLAGS => undef,
        DESTDIR => "$temp/root", BUILD => $build =~ m{build/(\w+)\z} ? $1 : undef };
    my $r = run({ root => 1, timeout => 300, env => $env }, 'sh', '-euc', join "\n", @lines);
    is($r->{exit}, 0, "$title: " . @lines . ' lines') or diag($r->{out}, $r->{err});
    return $r->{out};
}

sub apachectl { run({ root => 1 }, "$temp/bin/apachectl", @_) }

sub admin {
    my ($place, @words) = @_;
    my $r = run({ root => 1 }, "$build/bin/rcapi-admin", '--data', "$temp/srv/$place", @words);
    is($r->{exit}, 0, "rcapi-admin @words") or diag($r->{out}, $r->{err});
    return $r->{out};
}

# A request by curl: the status and the body.
sub get {
    my ($url, @options) = @_;
    my $r = run({ root => 1 }, 'curl', '-sk', '--max-time', 20, '-w', '\n%{http_code}', @options, $url);
    return reverse $r->{out} =~ /\A(.*)\n(\d+)\z/s;
}

my $https = "https://127.0.0.1:$port{443}";
my $http = "http://127.0.0.1:$port{80}";
my $data = "$temp/srv/rcapi";

for my $title (['Install', 'console', 'Install'], ['Install', 'apache', 'A site of its own']) {
    my ($readme) = grep { $_->{file} eq 'README.md' && $_->{title} eq $title->[0] && $_->{language} eq $title->[1] }
        @blocks;
    is($readme->{text}, block($title->[2], $title->[1])->{text},
        "README shows what docs/install.md shows: $title->[2]");
}

subtest 'a machine with a site' => sub {
    my $folder = RCAPI::Server::apxs('LIBEXECDIR');
    my @modules = grep { -e "$folder/mod_$_.so" } qw(mpm_event unixd log_config authn_core authz_core mime alias ssl
        socache_shmcb);
    spew("$temp/httpd.conf", join("\n", "ServerRoot $temp", 'ServerName main', "PidFile $temp/run/httpd.pid",
        "DefaultRuntimeDir $temp/run",
        "ErrorLog $temp/logs/error_log", "User $account", "Group #$gid", map({ "Listen 127.0.0.1:$_" } values %port),
        map({ "LoadModule ${_}_module $folder/mod_$_.so" } @modules), "TypesConfig /dev/null",
        "Include $temp/enabled/*.conf", ''));
    spew("$temp/bin/apachectl", <<"END");
#!/bin/sh
LD_PRELOAD="\${RCAPI_PRELOAD-}" ASAN_OPTIONS=detect_leaks=0 \\
    @{[RCAPI::Server::program()]} -f $temp/httpd.conf \$([ "\$1" = configtest ] && echo -t || echo -k \$1) || exit
for i in \$(seq 200); do
    [ "\$1" = start ] || [ "\$1" = stop ] || exit 0
    if [ "\$1" = start ]; then curl -so /dev/null $http/ && exit; else [ -e $temp/run/httpd.pid ] || exit 0; fi
    sleep 0.1
done
exit 1
END
    spew("$temp/bin/sudo",
        qq(#!/bin/sh\nif [ "\$1" = -u ]; then u=\$2; shift 2; exec runuser -u "\$u" -- env )
            . qq(PATH="\$PATH" "\$@"; fi\nexec "\$@"\n));
    chmod 0755, "$temp/bin/apachectl", "$temp/bin/sudo";
    symlink "$temp/root/usr/local/bin/$_", "$temp/bin/$_" for qw(rcapi-admin rhodecode-api); # installed below
    my $r = run({ root => 1 }, qw(openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=code.example.org
        -keyout),
        "$temp/etc/code.example.org.key", '-out', "$temp/etc/code.example.org.pem");
    is($r->{exit}, 0, 'a certificate') or diag($r->{err});
    my $below = block('Below a path of a site that exists', 'apache')->{text};
    spew("$temp/etc/code.conf", here(block('A site of its own', 'apache')->{text}));
    spew("$temp/etc/other.conf",
        here("<VirtualHost *:80>\nServerName other\nDocumentRoot $temp/htdocs\n<Directory $temp/htdocs>\n"
            . "Require all granted\n</Directory>\n$below</VirtualHost>\n"));
};

my $key;
subtest 'installed' => sub {
    ($key) = try('Install') =~ /^([0-9a-f]{40})$/m or die 'no key';
    admin('rcapi', qw(call create_repo repo_name:demo repo_type:git enable_downloads:true));
    my $work = "$temp/scratch";
    mkdir $work;
    chown $uid, $gid, $work;
    RCAPI::Git::init($work);
    spew("$work/f", "hello\n");
    RCAPI::Git::git($work, qw(add f));
    RCAPI::Git::git($work, qw(commit -qm first));
    RCAPI::Git::git($work, qw(branch fix/7));
    RCAPI::Git::git($work, 'push', '-q', "$data/repos/demo", 'master', 'fix/7');
    my $r = apachectl('configtest');
    unlike($r->{err}, qr/RC00/, 'configtest has nothing to say') or diag($r->{err});
    is(apachectl('start')->{exit}, 0, 'httpd starts') or diag(slurp("$temp/logs/error_log"));
    is_deeply([get("$http/.well-known/challenge")], [200, "of ACME\n"], 'the other site is what it was');
    is((get("$https/demo/changeset-diff/tip"))[0], 401, 'a visitor sees nothing');
};

# All views below a mount, and the links that answers hold.
sub works {
    my ($url, $about) = @_;
    my @key = ('-H', "X-Api-Key: $key");
    my $api = sub {
        my ($method, $args) = @_;
        my ($status, $body) = get("$url/_admin/api", '-d',
            JSON::PP::encode_json({ id => 1, api_key => $key, method => $method, args => $args }));
        return JSON::PP::decode_json($body)->{result};
    };
    subtest $about => sub {
        my $list = "$temp/etc/code.conf";
        my $repo = $api->('get_repo', { repoid => 'demo' });
        is($repo->{url}, "$url/demo", 'url of a repository');
        for my $view (qw(changeset-diff/tip raw/fix%2F7/f archive/tip.tar feed/atom feed/rss changeset-patch/tip
            diff/f?diff1=tip&diff2=tip&diff=raw)) {
            is((get("$repo->{url}/$view", @key))[0], 200, $view);
        }
        is((get("$url/_$repo->{repo_id}/raw/tip/f", @key))[1], "hello\n", 'by its id');
        like((get("$url/demo/feed/atom", @key))[1], qr{href="\Q$url\E/demo/?"}, 'a feed links below the mount');
        is((get("$url/_admin/public_journal/atom", @key))[0], 200, 'the journal');
        my $gist = $api->('create_gist', { files => { 'a.txt' => { content => 'text', filename => 'a.txt' } },
            gist_type => 'public' })->{gist};
        like($gist->{url}, qr{^\Q$url\E/_admin/gists/}, 'url of a gist');
        is((get("$gist->{url}/tip/raw/a.txt", @key))[0], 200, 'leads to it');
    };
}

my $conf = slurp("$temp/etc/code.conf");
spew("$temp/etc/code.conf", $conf =~ s/ChangesetController:changeset_raw/*:*/r);
apachectl('stop');
apachectl('start');
works($https, 'a site of its own');
works("$http/code", 'below a path');
spew("$temp/etc/code.conf", $conf);

my $diff = sub { join ' ', get("$https/demo/changeset-diff/tip", '-H', "X-Api-Key: $key") };
my $before = $diff->();
like($before, qr/^200 diff --git/, 'a diff');
try('Backup');
is(sprintf('%o', (stat "$temp/$_")[2] & 07777), '600', "$_ is private") for 'backups/rcapi/rcapi.db',
    'root/rcapi.secret';
admin('rcapi', qw(repo delete demo));
like($diff->(), qr/^404 /, 'a loss');
is(try('Restore'), '', 'check has nothing to say');
is($diff->(), $before, 'it is back');
is(admin('rcapi.old', 'check'), '', 'what was there is kept');
system 'rm', '-rf', "$data.old";
try('Move');
is($diff->(), $before, 'served from there');
rename "$temp/srv/code", $data;
spew("$temp/etc/code.conf", $conf);
apachectl('stop');
apachectl('start');
my $secret = slurp("$temp/root/rcapi.secret");
like(try('Rotate the secret'), qr/encrypted with the new secret\.$/, 'says what it did');
isnt(slurp("$temp/root/rcapi.secret"), $secret, 'the new secret is kept');
like(admin('rcapi', qw(token list admin)), qr/\Q$key\E/, 'keys are what they were');
like(try('Upgrade'), qr/^rcapi-admin \d/m, 'shows the new version');
ok(patiently(10, sub { $diff->() eq $before }), 'served by the new one');
try($_) for 'Check and repair', 'Rescan', 'Maintenance', 'Journal';
is($diff->(), $before, 'what it was');
try('Uninstall');
is(join(' ', grep { !-d } split /\n/, `find $temp/root $temp/srv`), "$temp/root/rcapi.secret",
    'nothing is left but the secret');
ok(!-l "$temp/enabled/code.conf", 'no link to a site that is gone');
is_deeply([get("$http/.well-known/challenge")], [200, "of ACME\n"], 'the other site is served again');
unlike(slurp("$temp/logs/error_log"), qr/RC007|\bexit signal\b|:(?:crit|alert|emerg)\]/, 'a quiet log');

is(join(' ', grep { !$ran{$_} } map { "$_->{file}: $_->{title}" }
    grep { $_->{language} eq 'console' && $_->{file} ne 'README.md' } @blocks), '', 'every command was run');
done_testing;
