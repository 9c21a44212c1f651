using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Testing;

/// <summary>The temporary folder of one host: its configuration, templates, plugins and state.</summary>
internal sealed class HarnessFolder : IDisposable
{
    private static readonly string[] BuiltIn = ["Bioproxy.PrefixExpander", "Bioproxy.PrefixStabiliser"];

    private readonly string _root = Directory.CreateTempSubdirectory("bioproxy-harness-").FullName;

    private string Plugins => Path.Combine(_root, "plugins");

    /// <summary>Writes the files that the host reads.</summary>
    /// <exception cref="ArgumentException">The configuration is wrong; the message names every mistake.</exception>
    public ProxyOptions Write(PluginHarnessOptions options, Uri backend)
    {
        foreach (var (path, text) in options.Files)
            WriteFile(path, text);
        var prefixes = new JsonObject();
        foreach (var (prefix, template) in options.Templates)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"templates/{prefixes.Count + 1}{template.Extension}");
            prefixes[prefix] = WriteFile(path, template.Text);
        }

        foreach (var name in BuiltIn.Except(options.Plugins.Select(plugin => plugin.Name)))
            WriteBuiltIn(name);
        foreach (var plugin in options.Plugins)
            CopyPlugin(plugin);

        var configuration = Parse(options.Configuration, nameof(options.Configuration));
        configuration["prefixes"] = prefixes;
        configuration["plugins"] = new JsonObject(options.Settings
            .Select(settings => KeyValuePair.Create(settings.Key, (JsonNode?)Parse(settings.Value, $"Settings[\"{settings.Key}\"]"))));
        configuration["plugin_directories"] = new JsonArray(Plugins);
        configuration["plugin_check_seconds"] = 0;
        configuration["state_directory"] = Path.Combine(_root, "state");
        configuration["backend_url"] = backend.ToString();
        configuration["proxy_host"] = "127.0.0.1";
        configuration["proxy_port"] = 0;
        configuration["admin_host"] = "127.0.0.1";
        configuration["admin_port"] = 0;
        return Load(WriteFile("config.json", configuration.ToJsonString()));
    }

    /// <summary>Copies a plugin to where the host searches, replacing an earlier version.</summary>
    /// <param name="plugin">The plugin.</param>
    /// <param name="written">The write time to set on its files; null keeps their own.</param>
    public void CopyPlugin(PluginFolder plugin, DateTimeOffset? written = null)
    {
        var target = Path.Combine(Plugins, plugin.Name);
        if (Directory.Exists(target))
            Directory.Delete(target, recursive: true);
        foreach (var file in Directory.EnumerateFiles(plugin.Path, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(plugin.Path, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
            if (written is { } time)
                File.SetLastWriteTimeUtc(copy, time.UtcDateTime);
        }
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static JsonObject Parse(string json, string name)
    {
        try
        {
            var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
            return JsonNode.Parse(json, documentOptions: options) as JsonObject
                ?? throw new ArgumentException($"{name} must be a JSON object.");
        }
        catch (JsonException e)
        {
            throw new ArgumentException($"{name} is no JSON: {e.Message}", e);
        }
    }

    private static ProxyOptions Load(string file)
    {
        var result = ConfigurationLoader.Load(new ConfigurationInput { ConfigPath = file, Environment = static _ => null });
        return result.Options ?? throw new ArgumentException(string.Join(Environment.NewLine, result.Errors));
    }

    private string WriteFile(string path, string text)
    {
        var full = Path.GetFullPath(Path.Combine(_root, path));
        if (!full.StartsWith(_root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new ArgumentException($"Files[\"{path}\"] must be a path within the folder of the configuration.");
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        return full;
    }

    private void WriteBuiltIn(string name)
    {
        var own = typeof(HarnessFolder).Assembly;
        Directory.CreateDirectory(Path.Combine(Plugins, name));
        foreach (var resource in own.GetManifestResourceNames().Where(one => one.StartsWith(name + "/", StringComparison.Ordinal)))
        {
            using var assembly = own.GetManifestResourceStream(resource)!;
            using var file = File.Create(Path.Combine(Plugins, resource));
            assembly.CopyTo(file);
        }
    }
}
