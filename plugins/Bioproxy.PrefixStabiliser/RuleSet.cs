using System.Text.RegularExpressions;
using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>Creates the rules from the configuration.</summary>
internal static class RuleSet
{
    /// <summary>Compiles the rules: the user's own first, then the built-in ones in the order they are named.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="key">The key of the settings, for messages.</param>
    /// <exception cref="PluginSettingsException">A rule cannot be used.</exception>
    public static IReadOnlyList<Rule> Compile(StabiliserSettings settings, string key)
    {
        var rules = new List<Rule>();
        for (var i = 0; i < settings.Rules.Length; i++)
            rules.Add(Compile(settings.Rules[i], $"{key}.rules[{i}]"));
        foreach (var name in settings.Use)
        {
            if (BuiltInRules.All.FirstOrDefault(rule => rule.Name == name) is not { } rule)
                throw new PluginSettingsException($"{key}.use: there is no built-in rule '{name}'. There are: "
                    + $"{string.Join(", ", BuiltInRules.All.Select(known => known.Name))}.");
            rules.Add(Compile(rule, $"{key}.use"));
        }

        return rules;
    }

    private static Rule Compile(RuleSettings? rule, string key)
    {
        if (rule is null)
            throw new PluginSettingsException($"{key} is null: it must be an object.");
        if (string.IsNullOrWhiteSpace(rule.Name))
            throw new PluginSettingsException($"{key}.name is missing: a rule needs a name for the log.");
        if (string.IsNullOrEmpty(rule.Match))
            throw new PluginSettingsException($"{key}.match is missing: it must be a regular expression.");
        var isLine = Either(rule.AppliesTo, "line", "text", $"{key}.applies_to");
        var moves = Either(rule.Action, "move", "remove", $"{key}.action");
        return new Rule(rule.Name, Regex(rule.Match, $"{key}.match"), isLine, moves, Places(rule.Where, $"{key}.where"));
    }

    private static bool Either(string? value, string yes, string no, string key) =>
        value == yes || (value == no ? false : throw new PluginSettingsException($"{key} is '{value}': it must be '{yes}' or '{no}'."));

    private static RulePlaces Places(string[] names, string key)
    {
        RulePlaces places = 0;
        foreach (var name in names)
            places |= Either(name, "system", "first_user", key) ? RulePlaces.System : RulePlaces.FirstUser;
        return places != 0 ? places : throw new PluginSettingsException($"{key} is empty: the rule would never be used. Write 'system', "
            + "'first_user' or both.");
    }

    private static Regex Regex(string pattern, string key)
    {
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
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
}
