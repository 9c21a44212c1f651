namespace Bioproxy.UnitTests.Packaging;

/// <summary>The form of the Containerfile: where these tests run, no container engine does.</summary>
public sealed class ContainerfileTests
{
    private static readonly string[] Known =
        ["FROM", "COPY", "RUN", "USER", "ENV", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT"];

    private readonly List<(string Name, string Value)> _directives =
    [
        .. PackagingFile.Directives("Containerfile").Select(line => line.Split(' ', 2)).Select(words => (words[0], words[1])),
    ];

    [Fact]
    public void Directives_Names_AreKnown() => Assert.All(_directives, directive => Assert.Contains(directive.Name, Known));

    [Fact]
    public void Stages_CopyFrom_AreThoseThatAreNamed()
    {
        var stages = Values("FROM").Select(from => from.Split(" AS ")).Where(from => from.Length == 2).Select(from => from[1]);
        var used = Values("COPY")
            .Where(copy => copy.StartsWith("--from=", StringComparison.Ordinal))
            .Select(copy => copy[7..].Split(' ')[0]);

        Assert.Equal(2, Values("FROM").Count());
        Assert.NotEmpty(used);
        Assert.Empty(used.Except(stages));
    }

    [Fact]
    public void LastUser_BeforeTheEntryPoint_IsNotRoot()
    {
        var user = _directives.FindLastIndex(directive => directive.Name == "USER");

        Assert.Equal("bioproxy", _directives[user].Value);
        Assert.InRange(user, _directives.FindLastIndex(directive => directive.Name == "RUN"), _directives.Count);
    }

    [Fact]
    public void HealthCheck_Command_IsTheProgramItself() =>
        Assert.EndsWith("CMD [\"bioproxy\", \"health\"]", Assert.Single(Values("HEALTHCHECK")), StringComparison.Ordinal);

    private IEnumerable<string> Values(string name) =>
        _directives.Where(directive => directive.Name == name).Select(directive => directive.Value);
}
