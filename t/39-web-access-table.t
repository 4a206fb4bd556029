# SPDX-License-Identifier: Apache-2.0
#
# Access as a table: every row of src/faces/raw/routes.c x every kind of key and login x listed, listed by
# a glob, not listed x public, private, missing x anonymous access on and off x GET and HEAD, against
# a small model of the contract. A new view is in the table as soon as it has its row.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::HTTP;
use RCAPI::Run qw(slurp spew);
use RCAPI::Test;

# The views: [pattern, Controller:action, flags].
my ($table) = slurp("$FindBin::Bin/../src/faces/raw/routes.c") =~ /views\[\] = \{(.*?)^\};/ms;
my @VIEWS = map { [/"([^"]+)",\s*"([^"]+)",\s*([^,]+),/] } grep { /^\s*\{"/ } split /\n/, $table;
cmp_ok(scalar @VIEWS, '>=', 2, 'the table of views is found');
is(scalar(() = $table =~ /^\s*\{/mg), scalar @VIEWS, 'and all of it');

my $FILE = 'notes.txt';
my %LISTS = (
    listed => join(' ', map { $_->[1] } @VIEWS),
    glob => '*Controller:[a-z]*',
    unlisted => 'ChangesetController:changeset, *:archive FilesController:ra GistsController:[!s]* filescontroller:*',
);
my %LOGINS = map { ("login_$_" => $_) } qw(owner outsider asleep abroad);
my $t = RCAPI::Test->new(
    mounts => [map { ("/$_", "/login/$_") } sort keys %LISTS], whitelist => '', threads => 4,
    modules => [qw(authn_file authz_user)],
    directives => join('', map { <<"END" } sort keys %LISTS),
<Location "/$_">
    RcapiAccessControllersWhitelist $LISTS{$_}
</Location>
<Location "/login/$_">
    RcapiAccessControllersWhitelist $LISTS{$_}
    AuthType Basic
    AuthName x
    AuthBasicProvider file
    AuthUserFile htpasswd
    RcapiTrustLogin On
    Require rcapi
</Location>
END
);
spew($t->dir . '/htpasswd', join '', map { "$_:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\n" } values %LOGINS); # test

# Users, repositories, keys. All but the outsider may read the private repository.
$t->user($_) for qw(owner outsider asleep abroad);
my %args = (owner => 'owner', enable_downloads => JSON::PP::true());
sub fill {
    my ($work) = @_;
    RCAPI::Git::history($work, 2, 3);
    spew("$work/$FILE", "some text\n");
    $t->git($work, 'add', '-A');
    $t->git($work, 'commit', '-q', '-m', 'Notes');
}
my $public = $t->repo('team/public', args => \%args, build => \&fill);
$t->repo('team/private', args => { %args, private => JSON::PP::true() }, from => $public->{work});
$t->must(grant_user_permission => { repoid => 'team/private', userid => $_, perm => 'repository.read' }) 
    for qw(asleep abroad);
$t->must(update_user => { userid => 'asleep', active => JSON::PP::false() });
$t->admin('ip', 'add', 'abroad', '10.0.0.0/8');
my %gist = map { $_ => gist($_) } qw(public private);

sub gist {
    my ($kind) = @_;
    my $made = $t->call(create_gist => { files => { $FILE => { content => "x\n" } }, gist_type => $kind,
        acl_level => "acl_$kind" });
    return $made->{result}{gist}{access_id} // 'none';
}

my %KEYS = (
    none => undef, wrong => '0' x 40, expired => $t->token('owner', '--role', 'all', '--lifetime', 1),
    (map { ($_ => $t->key($_)) } qw(owner outsider asleep abroad)),
    (map { ("role_$_" => $t->token('owner', '--role', $_)) } qw(all http api feed vcs)),
);
$t->sql('UPDATE api_key SET expires = 1 WHERE expires > 0');

# --- the model: who is it, what may he?

# Whose key, or login, this is, where it counts; undef: nobody's.
sub user_of {
    my ($view, $who) = @_;
    return undef if $who =~ /none|wrong|expired|asleep/;
    return $who =~ s/^login_//r if $who =~ /^login_/;
    return $who if $who !~ /^role_(.*)/;
    return $1 eq 'vcs' || ($1 eq 'feed' && !$view->{feed}) ? undef : 'owner';
}

# The status of an answer.
sub expected {
    my ($view, $who, $list, $thing, $anonymous) = @_;
    my $user = user_of($view, $who);
    return $anonymous ? visitor($view, $thing) : 401 if !defined $user;
    return 403 if $user eq 'abroad';
    return 401 if $who !~ /^login_/ && !$view->{feed} && $list eq 'unlisted';
    return 404 if $thing eq 'missing' || ($view->{of} eq 'repository' && $thing eq 'private' && $user eq 'outsider');
    return 200;
}

sub visitor {
    my ($view, $thing) = @_;
    return $view->{login} ? 401 : 200 if $view->{of} eq 'nothing';
    return $thing eq 'public' ? 200 : 404 if $view->{of} eq 'gist';
    return $thing eq 'public' ? 200 : 401;
}

# What a row is about, and its URL for a thing.
sub describe {
    my ($pattern, $action, $flags) = @_;
    my $of = $pattern !~ m{^/} ? 'repository' : $pattern =~ /gist/ ? 'gist' : 'nothing';
    return { pattern => $pattern, of => $of, feed => $flags =~ /RC_VIEW_FEED/ ? 1 : 0,
        login => $flags =~ /RC_VIEW_LOGIN/ ? 1 : 0 };
}

sub url {
    my ($view, $thing) = @_;
    my $rev = $view->{pattern} =~ /^archive/ ? 'tip.zip' : 'tip';
    my $url = $view->{pattern} =~ s/\{path\}/$FILE/r =~ s/\{rev\}/$rev/r;
    $url =~ s/\{id\}/$gist{$thing} \/\/ 'nothing'/e;
    $url .= '?diff1=0&diff2=tip&diff=raw' if $url =~ /^diff/;
    return $view->{of} eq 'repository' ? "/team/$thing/$url" : $url;
}

# --- the requests, many on one connection

# [status, body] of each of [method, path, headers].
sub ask {
    my (@requests) = @_;
    my @answers;
    while (@answers < @requests) {
        my $last = $#requests < @answers + 89 ? $#requests : @answers + 89;
        my @some = @requests[@answers .. $last];
        my $text = join '', map { "$_->[0] $_->[1] HTTP/1.1\r\nHost: x\r\n$_->[2]\r\n" } @some;
        my $got = RCAPI::HTTP::raw($t->port, $text =~ s/\r\n\r\n\z/\r\nConnection: close\r\n\r\n/r)->{raw};
        my $before = @answers;
        for my $request (@some) {
            $got =~ s{\AHTTP/1\.1 (\d+)(.*?)\r\n\r\n}{}s or last;
            my ($status, $head) = ($1, $2);
            my ($length) = $head =~ /^Content-Length: (\d+)/mi;
            push @answers, [$status, $request->[0] eq 'HEAD' ? '' : substr($got, 0, $length, '')];
        }
        die "no answer to $requests[@answers][1]\n" if @answers == $before;
    }
    return @answers;
}

my @WHO = (sort(keys %KEYS), sort keys %LOGINS);
my %TEXT = (401 => qr/^Unauthorized$|^<!DOCTYPE/, 403 => qr/^IP 127\.0\.0\.1 not allowed$/, 404 => qr/^Not Found$/,
    200 => qr/./s);

sub request {
    my ($case) = @_;
    my ($method, $view, $who, $list, $thing) = @$case;
    return [$method, "/login/$list" . url($view, $thing),
        'Authorization: Basic ' . encode("$LOGINS{$who}:test") . "\r\n"] if $LOGINS{$who};
    return [$method, "/$list" . url($view, $thing), defined $KEYS{$who} ? "X-Api-Key: $KEYS{$who}\r\n" : ''];
}

sub encode { require MIME::Base64; return MIME::Base64::encode_base64($_[0], '') }

sub cases {
    my ($view) = @_;
    my @things = $view->{of} eq 'nothing' ? 'public' : qw(public private missing);
    return map {
        my @m = $_;
        map {
            my @w = (@m, $view, $_);
            map {
                my @l = (@w, $_);
                map { [@l, $_] } @things
            } sort keys %LISTS
        } @WHO
    } qw(GET HEAD);
}

for my $anonymous (1, 0) {
    $t->admin('anonymous', $anonymous ? 'on' : 'off');
    for my $row (@VIEWS) {
        my $view = describe(@$row);
        my @cases = cases($view);
        my @answers = ask(map { request($_) } @cases);
        my @wrong;
        for my $i (0 .. $#cases) {
            my ($method, undef, $who, $list, $thing) = @{ $cases[$i] };
            my ($status, $body) = @{ $answers[$i] };
            my $want = expected($view, $who, $list, $thing, $anonymous);
            push @wrong, "$method $who, $list, $thing: $status, not $want" if $status != $want;
            push @wrong, "$method $who, $list, $thing: $status says $body"
                if $status == $want && $method eq 'GET' && $body !~ $TEXT{$status};
        }
        is(join("\n", @wrong), '',
            "$row->[0], anonymous access " . ($anonymous ? 'on' : 'off') . ': ' . @cases . ' requests');
    }
}

$t->done;
done_testing;
