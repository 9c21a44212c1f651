using System.Text;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;

namespace Bioproxy.UnitTests.Configuration;

public sealed class ExampleConfigurationTests : IDisposable
{
    /// <summary>These differ because the example is a file and has prefixes.</summary>
    private static readonly string[] Exempt =
    [
        nameof(ProxyOptions.ConfigFile),
        nameof(ProxyOptions.Prefixes),
        nameof(ProxyOptions.TemplateRoots),
        nameof(ProxyOptions.BaseDirectory),
    ];

    private readonly ConfigurationFolder _folder = new();
    private readonly string _example = File.ReadAllText(Path.Combine(RepositoryFolder.Root!, "config.example.json"));

    public ExampleConfigurationTests()
    {
        _folder.Write("templates/code.txt", "");
        _folder.Write("templates/review.md", "");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Example_Loaded_IsValidAndEqualsTheDefaults()
    {
        var example = _folder.Valid(_example);
        var defaults = _folder.Valid();

        Assert.Equal(["@code", "@review"], example.Prefixes.Select(prefix => prefix.Key));
        Assert.All(
            typeof(ProxyOptions).GetProperties().Where(property => !Exempt.Contains(property.Name)),
            property => Assert.Equal(property.GetValue(defaults), property.GetValue(example)));
    }

    [Fact]
    public void Example_Keys_AreExactlyThoseOfTheTable()
    {
        var root = ConfigurationFile.Parse(Encoding.UTF8.GetBytes(_example), "config.example.json", new ConfigurationReading("/", "/"))!;
        var sections = ConfigurationKeys.All
            .Where(key => key.Name.Contains('.', StringComparison.Ordinal))
            .Select(key => key.Name.Split('.')[0])
            .ToHashSet();

        var written = root.Members.SelectMany(member => sections.Contains(member.Key)
            ? member.Value.Members.Select(inner => $"{member.Key}.{inner.Key}")
            : [member.Key]);

        Assert.Equal(ConfigurationKeys.All.Select(key => key.Name).Append("$schema").Order(), written.Order());
    }

    [Fact]
    public void Example_EveryKey_HasACommentAboveItOrItsGroup()
    {
        var lines = _example.Split('\n');
        var bare = lines
            .Select((line, index) => (Line: line.Trim(), Above: index == 0 ? "" : lines[index - 1].Trim()))
            .Where(pair => pair.Line.StartsWith('"') && !pair.Line.StartsWith("\"@", StringComparison.Ordinal))
            .Where(pair => !pair.Above.StartsWith("//", StringComparison.Ordinal))
            .Select(pair => pair.Line);

        // Objects are explained by their members; admin_port shares the comment above admin_host.
        Assert.Equal(
            [
                "\"admin_port\": 8089,", "\"tls\": {", "\"kv\": {", "\"preambles\": {", "\"lanes\": {", "\"queue\": {",
                "\"limits\": {",
            ],
            bare);
    }
}
