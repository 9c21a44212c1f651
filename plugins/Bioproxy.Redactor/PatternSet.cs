using System.Text.RegularExpressions;
using Bioproxy.Abstractions;

namespace Bioproxy.Redactor;

/// <summary>The patterns of the configuration: the user's own first, then the built-in ones in the order they are named.</summary>
internal sealed partial class PatternSet
{
    private PatternSet(IReadOnlyList<SecretPattern> patterns)
    {
        Patterns = patterns;
        if (patterns.Count == 0)
            return;
        var names = string.Join('|', patterns.Select(pattern => pattern.Name).Distinct(StringComparer.Ordinal));
        LookAlike = new Regex($@"\[(?:{names})_[0-9]+\]", RegexOptions.NonBacktracking);
    }

    /// <summary>The patterns, by rank.</summary>
    public IReadOnlyList<SecretPattern> Patterns { get; }

    /// <summary>Matches everything with the form of a placeholder of these names; null without patterns.</summary>
    public Regex? LookAlike { get; }

    /// <summary>Compiles the patterns.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="key">The key of the settings, for messages.</param>
    /// <exception cref="PluginSettingsException">A name or a pattern cannot be used.</exception>
    public static PatternSet Compile(RedactorSettings settings, string key)
    {
        var patterns = new List<SecretPattern>();
        foreach (var (name, pattern) in settings.Patterns)
        {
            if (!NameShape().IsMatch(name))
                throw new PluginSettingsException($"{key}.patterns: '{name}' cannot be a name. A name is made of letters, digits and "
                    + "underscores, begins with a letter and has at most 40 characters.");
            patterns.Add(Compile(name, pattern, $"{key}.patterns.{name}"));
        }

        foreach (var name in settings.Use)
        {
            if (name is null || !BuiltInPatterns.All.TryGetValue(name, out var pattern))
                throw new PluginSettingsException($"{key}.use: there is no built-in pattern '{name}'. There are: "
                    + $"{string.Join(", ", BuiltInPatterns.All.Keys)}.");
            patterns.Add(Compile(name, pattern, $"{key}.use"));
        }

        return new PatternSet(patterns);
    }

    private static SecretPattern Compile(string name, string? pattern, string key)
    {
        if (string.IsNullOrEmpty(pattern))
            throw new PluginSettingsException($"{key} is empty: it must be a regular expression.");
        try
        {
            return new SecretPattern(name.ToUpperInvariant(), pattern);
        }
        catch (NotSupportedException e)
        {
            throw new PluginSettingsException($"{key} cannot be matched in linear time: {e.Message} Write it without look-around, "
                + "references back, atomic groups and conditions.", e);
        }
        catch (ArgumentException e)
        {
            throw new PluginSettingsException($"{key} is no regular expression: {e.Message}", e);
        }
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_]{0,39}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex NameShape();
}
