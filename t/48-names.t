#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Names of repositories: what is usable is served, below the URL that answers name; what is not is refused.
use strict;
use warnings;
use utf8;
use Encode ();
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new(whitelist => '*');
my $source = $t->repo('source', commits => 1);
my ($file) = split /\n/, $t->git($source->{work}, qw(ls-files));

# The name as a path: every byte but the unreserved ones and the slash escaped.
sub path {
    join '/', map { Encode::encode_utf8($_) =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ger } split m{/}, $_[0]
}

my @good = ('x.git', 'x', 'X', 'a b', 'a+b', 'a%b', 'a%2Fc', "a'b", 'a&b', 'a;b', 'a=b', 'a,b', 'a@b', '~a', '(a)',
    '-a', 'ä',
    "a\x{308}", '😀', 'raw', 'archive', 'feed', 'changeset-diff', 'v1.0', 'a#b', 'a?b', 'a*b', 'a$b', 'a!b', 'a"b',
    '[a]', 'a..b',
    'a.', 'a.zip', 'a^b', 'a`b', '{a}', 'con', 'nul.txt', 'git~1', 'objects', 'HEAD', '_admin', '12', 'n' x 200);
for my $name (@good) {
    my $full = "g/$name";
    my $shown = Encode::encode_utf8(length $name > 30 ? 'a long name' : $name);
    my $error = $t->call(create_repo => { repo_name => $full, repo_type => 'git' })->{error};
    is($error, undef, "made: $shown") or next;
    $t->git($source->{work}, 'push', '-q', "$t->{dir}/data/repos/" . Encode::encode_utf8($full),
        'HEAD:refs/heads/master');
    is($t->get('/' . path($full) . "/raw/tip/$file", as => 'admin')->status, 200, '... and served');
    my $url = $t->must(get_repo => { repoid => $full })->{url};
    like($url, qr{^\Q${\ $t->url}\E/[A-Za-z0-9._~:/?#\[\]@!\$&'()*+,;=%-]+\z}, '... its url is one');
    is($t->get(substr($url, length $t->url) . "/raw/tip/$file", as => 'admin')->status, 200, '... and leads to it');
}
is(scalar(grep { $_->{repo_name} =~ m{^g/} } @{ $t->must('get_repos') }), scalar @good, 'all are listed');
is_deeply($t->must('rescan_repos'), { added => [], removed => [] }, 'a scan sees them as they are');
is($t->admin('check'), '', 'so does check');

for my $name ('.', '..', '.hidden', 'a/../b', 'a/./b', 'a/.git', '_x', '_12', '12', 'a\\b', 'a:b', 'a<b', 'a>b',
    "a\tb", "a\nb", "a\x7f",
    'rm__20240131_101010_123456__gone', 'g/rm__20240131_101010_123456__gone', 'n' x 256, 'g/' . 'n' x 256, '/', '') {
    my $answer = $t->call(create_repo => { repo_name => $name, repo_type => 'git' });
    like($answer->{error}, qr/\S/,
        'refused: ' . (length $name > 40 ? 'a long name' : $name =~ s/([^!-~])/sprintf '\\x%02x', ord $1/ger));
}
is(scalar @{ $t->must('get_repos') }, @good + 1, 'none of them was made');
is($t->admin('check'), '', 'nothing is left of them');

$t->done;
done_testing;
