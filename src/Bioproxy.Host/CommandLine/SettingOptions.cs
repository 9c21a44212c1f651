using System.CommandLine;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.CommandLine;

/// <summary>The options that every command takes: the configuration file, and the settings that can be overridden.</summary>
internal sealed class SettingOptions
{
    private readonly Option<string> _config = new("--config")
    {
        HelpName = "file",
        Description = "The configuration file. [default: ~/.config/bioproxy/config.json]",
        Recursive = true,
    };

    // Texts, whatever the setting's type: a bad value is reported in one list with the mistakes of the file.
    private readonly Dictionary<string, Option<string>> _settings = ConfigurationKeys.All.Where(key => key.Option is not null).ToDictionary(
        key => key.Name,
        key => new Option<string>(key.Option!) { HelpName = key.OptionValue, Description = key.OptionHelp, Recursive = true });

    /// <summary>What <c>--backend</c> sets.</summary>
    private const string BackendKey = "backend_url";

    public IEnumerable<Option> All => [_config, .. _settings.Values];

    public ConfigurationInput Read(ParseResult result) => new()
    {
        ConfigPath = result.GetValue(_config),
        Overrides = _settings
            .Select(setting => (setting.Key, Text: result.GetValue(setting.Value)))
            .Where(setting => setting.Text is not null)
            .ToDictionary(setting => setting.Key, setting => setting.Text!),
    };

    /// <summary>For a command that examines backends: <c>--backend</c> is the address of a server, or the name of a backend.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="model">The model that it names; null for none.</param>
    public (ConfigurationInput Input, BackendChoice Choice) ReadChoice(ParseResult result, string? model)
    {
        var input = Read(result);
        if (!input.Overrides.TryGetValue(BackendKey, out var text))
            return (input, new BackendChoice(Model: model));
        if (text.Contains("://", StringComparison.Ordinal))
            return (input, new BackendChoice(Model: model, IsAddress: true));
        var others = input.Overrides.Where(setting => setting.Key != BackendKey).ToDictionary(StringComparer.Ordinal);
        return (input with { Overrides = others }, new BackendChoice(text, model));
    }
}
