using Bioproxy.Host.Configuration;

namespace Bioproxy.UnitTests.Configuration;

/// <summary>A temporary folder with a home in it, and an environment that nobody else sees.</summary>
internal sealed class ConfigurationFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bioproxy-config-");

    public ConfigurationFolder() => Directory.CreateDirectory(Home);

    public string Folder => _folder.FullName;

    public string Home => Path.Combine(Folder, "home");

    public string ConfigFile => Path.Combine(Folder, "config.json");

    public Dictionary<string, string> Environment { get; } = [];

    public Dictionary<string, string> Overrides { get; } = [];

    public string Write(string name, string content)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    public ConfigurationResult Load(string? json = null, string? configPath = null)
    {
        if (json is not null)
            configPath = Write("config.json", json);
        return ConfigurationLoader.Load(new ConfigurationInput
        {
            ConfigPath = configPath,
            Overrides = Overrides,
            Environment = name => Environment.GetValueOrDefault(name),
            HomeDirectory = Home,
        });
    }

    public ProxyOptions Valid(string? json = null, string? configPath = null)
    {
        var result = Load(json, configPath);
        Assert.Empty(result.Errors.Select(error => error.ToString()));
        Assert.True(result.IsValid);
        return result.Options;
    }

    /// <returns>The error lines, the folder's path taken out of them.</returns>
    public string[] Errors(string? json = null, string? configPath = null)
    {
        var result = Load(json, configPath);
        Assert.False(result.IsValid);
        return [.. result.Errors.Select(error =>
            error.ToString().Replace(Folder + Path.DirectorySeparatorChar, "", StringComparison.Ordinal))];
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
