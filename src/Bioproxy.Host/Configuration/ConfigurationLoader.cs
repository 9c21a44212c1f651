namespace Bioproxy.Host.Configuration;

/// <summary>Builds the options from the defaults, the file, the environment and the command line, in this order. Reports every mistake, not
/// only the first.</summary>
internal static class ConfigurationLoader
{
    private const string ConfigOption = "--config";
    private const string ConfigVariable = "BIOPROXY_CONFIG";

    /// <summary>Names that may have been meant → the key: the keys themselves, their objects, and the names of the options.</summary>
    private static readonly Dictionary<string, string> Names = ConfigurationKeys.All
        .SelectMany(
            key => new[] { key.Name, key.Name.Split('.')[0], OptionAlias(key) },
            (key, alias) => (Alias: alias, Name: key.Name.StartsWith($"{alias}.", StringComparison.Ordinal) ? alias : key.Name))
        .DistinctBy(pair => pair.Alias)
        .ToDictionary(pair => pair.Alias, pair => pair.Name, StringComparer.Ordinal);

    /// <summary>The file that is read, whether it exists or not.</summary>
    public static string FileOf(ConfigurationInput input) => FindFile(input).Path;

    public static ConfigurationResult Load(ConfigurationInput input)
    {
        var (path, namedBy) = FindFile(input);
        var baseDirectory = Path.GetDirectoryName(path) ?? path;
        var reading = new ConfigurationReading(baseDirectory, input.HomeDirectory, input.Environment);
        var content = ReadFile(path, namedBy, reading);
        var options = new ProxyOptions
        {
            ConfigFile = content is null ? null : path,
            BaseDirectory = baseDirectory,
            StateDirectory = ConfigurationPaths.DefaultStateDirectory(input),
        };

        if (content is not null && ConfigurationFile.Parse(content, path, reading) is { } root)
            options = Apply(options, root, "", reading);
        options = ApplyEnvironment(options, input, reading);
        options = ApplyCommandLine(options, input, reading);
        if (options.IsFleet && reading.SourceOf("backend_url") is not null)
            options = options with { Backends = [options.DefaultBackend, .. options.Backends] };
        CrossChecks.Run(options, reading);

        return reading.Errors.Count > 0
            ? ConfigurationResult.Invalid(reading.Errors)
            : ConfigurationResult.Valid(options with { TemplateRoots = AllRoots(options) }, reading.Values);
    }

    /// <returns>The file to read, and the option or variable that named it: such a file must exist.</returns>
    private static (string Path, string? NamedBy) FindFile(ConfigurationInput input)
    {
        if (input.ConfigPath is { } option)
            return (Resolve(option, input), ConfigOption);
        if (input.Environment(ConfigVariable) is { Length: > 0 } variable)
            return (Resolve(variable, input), ConfigVariable);
        return (ConfigurationPaths.DefaultConfigFile(input), null);
    }

    // Relative to the current folder, unlike the paths inside the file.
    private static string Resolve(string path, ConfigurationInput input)
    {
        var current = Directory.GetCurrentDirectory();
        return ConfigurationPaths.Resolve(path, current, input.HomeDirectory) ?? current;
    }

    private static byte[]? ReadFile(string path, string? namedBy, ConfigurationReading reading)
    {
        try
        {
            if (File.Exists(path))
                return File.ReadAllBytes(path);
            if (namedBy is not null)
            {
                var expected = Directory.Exists(path) ? "a file; this is a folder" : "a file that exists";
                reading.Reject(new ConfigurationError("config", namedBy, $"\"{path}\"", expected));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            reading.Reject(new ConfigurationError("", path, null, $"the file cannot be read: {exception.Message}"));
        }

        return null;
    }

    private static ProxyOptions Apply(ProxyOptions options, ConfigurationValue section, string path, ConfigurationReading reading)
    {
        foreach (var (name, value) in section.Members)
        {
            var full = path + name;
            if (full == ConfigurationSchema.Member)
                continue;
            if (!name.Contains('.', StringComparison.Ordinal) && Find(full) is { } key)
                options = reading.Read(key, options, value);
            else if (path.Length == 0 && MembersOf(name) is { Count: > 0 } members)
                options = ApplySection(options, name, value, members, reading);
            else
                reading.Reject(new ConfigurationError(full, value.Source, null, $"unknown key{Suggestion(full)}"));
        }

        return options;
    }

    private static ProxyOptions ApplySection(
        ProxyOptions options, string name, ConfigurationValue value, IReadOnlyList<string> members, ConfigurationReading reading)
    {
        if (value.Kind == ConfigurationValueKind.Object)
            return Apply(options, value, $"{name}.", reading);

        reading.Reject(name, value, $"an object with any of {string.Join(", ", members)}");
        return options;
    }

    private static ProxyOptions ApplyEnvironment(ProxyOptions options, ConfigurationInput input, ConfigurationReading reading)
    {
        // Unknown BIOPROXY_… variables are not a mistake: Kubernetes sets BIOPROXY_SERVICE_HOST and others for a service of this name.
        foreach (var key in ConfigurationKeys.All)
        {
            if (key.EnvironmentVariable is { } variable && input.Environment(variable) is { Length: > 0 } text)
                options = reading.Read(key, options, ConfigurationValue.Untyped(text, variable));
        }

        return options;
    }

    private static ProxyOptions ApplyCommandLine(ProxyOptions options, ConfigurationInput input, ConfigurationReading reading)
    {
        foreach (var (name, text) in input.Overrides)
        {
            var key = Find(name) ?? throw new ArgumentException($"There is no key {name}.", nameof(input));
            options = reading.Read(key, options, ConfigurationValue.Untyped(text, key.Option ?? name));
        }

        return options;
    }

    private static string OptionAlias(ConfigurationKey key) => key.Option?.TrimStart('-').Replace('-', '_') ?? key.Name;

    private static List<string> AllRoots(ProxyOptions options)
    {
        var folders = options.Prefixes.Select(prefix => Path.GetDirectoryName(prefix.Value)!);
        return [.. options.TemplateRoots.Prepend(options.BaseDirectory).Concat(folders).Distinct(StringComparer.Ordinal)];
    }

    private static ConfigurationKey? Find(string name) => ConfigurationKeys.All.FirstOrDefault(key => key.Name == name);

    private static List<string> MembersOf(string section) =>
    [
        .. ConfigurationKeys.All
            .Where(key => key.Name.StartsWith($"{section}.", StringComparison.Ordinal))
            .Select(key => key.Name[(section.Length + 1)..]),
    ];

    private static string Suggestion(string written)
    {
        if (NearestName.Find(written, Names) is { } name)
        {
            return name.Split('.') is [var section, var member]
                ? $"; did you mean \"{member}\" inside \"{section}\": {{ … }}?"
                : $"; did you mean \"{name}\"?";
        }

        var members = MembersOf(written.Split('.')[0]);
        return members.Count > 0 ? $"; the keys here are {string.Join(", ", members)}" : "; config.example.json shows every key";
    }
}
