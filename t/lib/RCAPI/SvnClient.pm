# SPDX-License-Identifier: Apache-2.0
package RCAPI::SvnClient;

=head1 NAME

RCAPI::SvnClient - the system's svn as a client of a private server

=head1 SYNOPSIS

    plan skip_all => 'no svn' if !RCAPI::SvnClient::installed();
    my $t = RCAPI::Test->new(modules => [@RCAPI::SvnClient::MODULES]);
    my $path = RCAPI::SvnClient::repository($t, 'group/repo');  # empty; where it is
    my $bob = RCAPI::SvnClient->new($t, user => 'bob', password => '...');
    my $work = $bob->checkout('group/repo');                    # a new folder; dies if svn fails
    $bob->must($work, 'commit', '-m', 'a change');              # what svn prints
    my $r = $bob->try($work, 'commit', '-m', 'another');        # { exit, out, err }

svn keeps no password, reads no other settings, and asks for nothing.

=cut

use strict;
use warnings;
use RCAPI::Run qw(run);
use RCAPI::Server;
use RCAPI::Svn; # skips the test where the module was built without it

our @MODULES = qw(dav dav_svn); # of httpd

my $folders = 0;

# Whether svn and its module of httpd are there.
sub installed {
    my $r = run({ root => 1 }, 'sh', '-c', 'command -v svn && command -v svnadmin');
    return !$r->{exit} && -e RCAPI::Server::apxs('LIBEXECDIR') . '/mod_dav_svn.so';
}

# An empty repository, made by create_repo with %args; where it is.
sub repository {
    my ($t, $name, %args) = @_;
    utf8::decode(my $text = $name);
    $t->must(create_repo => { repo_name => $text, repo_type => 'svn', %args });
    return $t->dir . "/data/repos/$name";
}

# Any of Subversion's programs; what it prints. Dies if it fails.
sub program {
    my ($t, @cmd) = @_;
    my $r = $t->run({ env => { LC_ALL => 'C.UTF-8' }, timeout => 120 }, @cmd);
    die "@cmd: exit $r->{exit}, signal $r->{signal}\n$r->{err}" if $r->{exit} || $r->{signal};
    return $r->{out};
}

# Options: user and password, none: nothing is sent.
sub new {
    my ($class, $t, %opt) = @_;
    $t->secret($opt{password}) if defined $opt{password};
    return bless { t => $t, %opt }, $class;
}

# The URL of a repository, with what svn does not escape itself.
sub url {
    my ($self, $repo) = @_;
    $repo =~ s{([^A-Za-z0-9/._~!\@-])}{sprintf '%%%02X', ord $1}ge;
    return $self->{t}->url . "/$repo";
}

# A folder that does not exist yet.
sub folder { $_[0]{t}->dir . '/scratch/svn' . ++$folders }

sub try {
    my ($self, $dir, $command, @args) = @_;
    my %opt = ref $command ? %$command : ();
    $command = shift @args if ref $command;
    my @login = defined $self->{user} ? ('--username', $self->{user}, '--password-from-stdin') : ();
    return run({ timeout => 120, dir => $dir, stdin => defined $self->{user} ? $self->{password} : '', %opt,
        env => { LC_ALL => 'C.UTF-8', HOME => $self->{t}->dir . '/home', %{ $opt{env} // {} } } },
        'svn', $command, '--non-interactive', '--no-auth-cache', @login, @args);
}

sub must {
    my ($self, $dir, @args) = @_;
    my $r = $self->try($dir, @args);
    die "svn @args: exit $r->{exit}, signal $r->{signal}\n$r->{err}" if $r->{exit} || $r->{signal};
    return $r->{out};
}

# Checks a repository out; the new folder.
sub checkout {
    my ($self, $repo, @args) = @_;
    my $to = $self->folder;
    $self->must($self->{t}->dir, 'checkout', '-q', @args, $self->url($repo) . '@', $to);
    return $to;
}

1;
