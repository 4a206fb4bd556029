#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# What other modules are told of files and folders changes no answer of ours: our URLs are neither.
# The same views below a plain mount and below one with such directives: status, headers, body.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::Run qw(spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(
    mounts => ['/calm', '/busy'], whitelist => '*', modules => [qw(negotiation dir rewrite ext_filter)],
    directives => <<'END',
<Location "/busy">
    Options +MultiViews +Indexes
    AddEncoding x-gzip .gz .tgz
    AddEncoding x-compress .Z
    AddLanguage de .de
    AddCharset ISO-8859-1 .latin1
    AddDefaultCharset ISO-8859-1
    AddHandler cgi-script .sh
    AddType text/html .txt
    ForceType text/html
    DefaultLanguage fr
    DirectoryIndex index.html
    DirectorySlash On
    FallbackResource /calm/none/raw/tip/x
    ErrorDocument 400 "another text"
    ErrorDocument 401 /calm/none
    ErrorDocument 404 /calm/none
    ErrorDocument 405 "another text"
    FileETag None
    RewriteEngine On
    RewriteRule ^nothing$ /calm [R]
    Header set X-Busy 1
</Location>
<IfModule ext_filter_module>
    ExtFilterDefine cat mode=output cmd=/bin/cat
    <If "req('X-Filter') == 'cat'">
        SetOutputFilter cat
    </If>
</IfModule>
END
);
my $repo = $t->repo('files', args => { private => \1 }, build => sub {
    my ($work) = @_;
    spew("$work/$_", "some text\n" x 100) for qw(f.gz f.tgz f.Z README.de x.latin1 run.sh page.txt index.html plain);
    spew("$work/empty", '');
    $t->git($work, 'add', '.');
    $t->git($work, 'commit', '-qm', 'one');
    spew("$work/plain", 'other');
    $t->git($work, 'commit', '-qam', 'two');
});
$t->must(update_repo => { repoid => 'files', enable_downloads => 'true' });
my $gist = $t->must(create_gist => { gist_type => 'public', files => { 'a.txt' => { content => 'x' } } })
    ->{gist}{access_id};
$t->admin('anonymous', 'off');
my ($tip, $first) = split /\n/, $t->git($repo->{path}, 'log', '--format=%H');

# Everything that names the mount or the moment is taken out.
sub answer {
    my ($mount, $path, @how) = @_;
    my $raw = $t->get("$mount$path", @how)->{raw};
    $raw =~ s/^Content-Type:.*\r\n//mg if $path =~ /rawfile/; # whose type is httpd's
    unlike($raw, qr/^Content-(?:Encoding|Language):/m, 'no encoding or language') if $raw =~ /^Content-(?:E|La)/m;
    return $raw =~ s/^(?:Date|X-Busy|X-Request-Id|ETag):.*\r\n//mgr =~ s/\r\nVary: [^\r]*(?=\r)//gr
        =~ s{\Q$mount\E}{}gr =~ s/(rcapi-form=|csrf_token value=")\w{40}/$1/gr; # random
}

for my $path (
    (map { ("/files/raw/$tip/$_", "/files/rawfile/tip/$_") } qw(f.gz f.tgz f.Z README.de x.latin1 run.sh page.txt
        index.html plain empty nope .)),
    (map { "/files/archive/$tip.$_" } qw(tar tar.gz tgz zip)), "/files/changeset-diff/$tip",
    "/files/changeset-patch/tip", "/files/changeset-download/$first",
    "/files/changeset-diff/nope", '/files/feed/rss', '/files/feed/atom',
    "/files/diff/plain?diff1=$first&diff2=$tip&diff=raw", "/files/raw/tip/", '/files', '/files/', '/',
    '/_admin/journal/rss', '/_admin/public_journal/atom', "/_admin/gists/$gist/tip/raw/a.txt",
    "/_admin/gists/$gist/tip/raw", '/none/raw/tip/x', "/files/raw/$tip/index.html/",
) {
    my @different;
    for my $how ([], [method => 'HEAD'], [headers => [Range => 'bytes=1-3']],
        [headers => [Range => 'bytes=99999999-']],
        [headers => [Accept => 'text/html;q=0.1', 'Accept-Language' => 'de']],
        [headers => ['If-None-Match' => '*']], [headers => ['If-Modified-Since' => 'Thu, 01 Jan 2037 00:00:00 GMT']],
        [headers => ['Accept-Encoding' => 'gzip, br']], [method => 'POST']) {
        for my $as ([as => 'admin'], []) {
            my ($calm, $busy) = map { answer($_, $path, @$how, @$as) } '/calm', '/busy';
            my %count;
            $count{$_}++ for split /\n/, $calm;
            $count{$_}-- for split /\n/, $busy;
            push @different, map { "@{ ref $how->[1] ? $how->[1] : $how } @$as: " . ($count{$_} > 0 ? 'not ' : '')
                . $_ } grep { $count{$_} } sort keys %count;
        }
    }
    is(join("\n\n", @different), '', $path =~ s/$tip/TIP/gr =~ s/$first/FIRST/gr);
}

subtest 'their headers are part of a 304, as of that for a file' => sub {
    my $a = $t->get("/busy/files/raw/$tip/plain", as => 'admin', headers => ['If-None-Match' => '*']);
    is($a->status, 304, 'status');
    is($a->header('X-Busy'), 1, 'mod_headers');
};

subtest 'a variable without a value, which mod_ext_filter leaves' => sub {
    my @children = sort $t->children;
    is($t->get("/calm/files/raw/$tip/plain", as => 'admin', headers => ['X-Filter' => 'cat'])->body, 'other', 'body')
        for 1 .. 3;
    is_deeply([sort $t->children], \@children, 'no child ends');
};

$t->done;
done_testing;
