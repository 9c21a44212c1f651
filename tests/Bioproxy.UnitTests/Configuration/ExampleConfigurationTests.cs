using Bioproxy.Host.Configuration;

namespace Bioproxy.UnitTests.Configuration;

public sealed class ExampleConfigurationTests : IDisposable
{
    private static readonly string[] Exempt = [nameof(ProxyOptions.ConfigFile), nameof(ProxyOptions.Prefixes), nameof(ProxyOptions.TemplateRoots), nameof(ProxyOptions.BaseDirectory)];

    private readonly ConfigurationFolder _folder = new();
    private readonly string _example = File.ReadAllText(Path.Combine(RepositoryRoot(), "config.example.json"));

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
        var root = ConfigurationFile.Parse(System.Text.Encoding.UTF8.GetBytes(_example), "config.example.json", new ConfigurationReading("/", "/"))!;
        var sections = ConfigurationKeys.All.Where(key => key.Name.Contains('.')).Select(key => key.Name.Split('.')[0]).ToHashSet();

        var written = root.Members.SelectMany(member => sections.Contains(member.Key)
            ? member.Value.Members.Select(inner => $"{member.Key}.{inner.Key}")
            : [member.Key]);

        Assert.Equal(ConfigurationKeys.All.Select(key => key.Name).Order(), written.Order());
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

        // The objects' members carry the comments; admin_port shares the one above admin_host.
        Assert.Equal(["\"admin_port\": 8089,", "\"kv\": {", "\"lanes\": {", "\"queue\": {", "\"limits\": {"], bare);
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Bioproxy.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("Bioproxy.sln is in no folder above the tests.");
        return folder.FullName;
    }
}
