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
            rules.Add(Compile(BuiltIn(name, $"{key}.use"), $"{key}.use"));
        foreach (var name in settings.Pin)
            rules.Add(Compile(BuiltIn(name, $"{key}.pin") with { Action = "pin" }, $"{key}.pin"));
        return rules;
    }

    /// <summary>The rules for other things than lines, in the order in which they are applied.</summary>
    public static IReadOnlyList<IPromptRule> PromptRules(StabiliserSettings settings, AnswerMemory memory)
    {
        var rules = new List<IPromptRule>();
        if (settings.Attribution)
            rules.Add(new AttributionRule());
        if (settings.ToolArguments)
            rules.Add(new ToolArgumentsRule(memory));
        if (settings.AnswerText)
            rules.Add(new AnswerTextRule(memory));
        if (settings.Reasoning)
            rules.Add(new ReasoningRule(memory));
        if (settings.SystemReminder)
            rules.Add(new SystemReminderRule(memory)); // before late system messages become reminders
        if (settings.LateSystem)
            rules.Add(new LateSystemRule());
        if (settings.SortTools)
            rules.Add(new SortedTools());
        if (settings.ToolOrder || settings.SchemaOrder)
            rules.Add(new ToolOrder(settings.ToolOrder && !settings.SortTools, settings.SchemaOrder));
        return rules;
    }

    private static RuleSettings BuiltIn(string? name, string key) => BuiltInRules.All.FirstOrDefault(rule => rule.Name == name)
        ?? throw new PluginSettingsException($"{key}: there is no built-in rule '{name}'. There are: "
            + $"{string.Join(", ", BuiltInRules.All.Select(known => known.Name))}.");

    private static Rule Compile(RuleSettings? rule, string key)
    {
        if (rule is null)
            throw new PluginSettingsException($"{key} is null: it must be an object.");
        if (string.IsNullOrWhiteSpace(rule.Name))
            throw new PluginSettingsException($"{key}.name is missing: a rule needs a name for the log.");
        if (string.IsNullOrEmpty(rule.Match))
            throw new PluginSettingsException($"{key}.match is missing: it must be a regular expression.");
        var isLine = Either(rule.AppliesTo, "line", "text", $"{key}.applies_to");
        var action = rule.Action switch
        {
            "move" => RuleAction.Move,
            "remove" => RuleAction.Remove,
            "pin" => RuleAction.Pin,
            _ => throw new PluginSettingsException($"{key}.action is '{rule.Action}': it must be 'move', 'remove' or 'pin'."),
        };
        return new Rule(rule.Name, Regex(rule.Match, $"{key}.match"), isLine, action, Places(rule.Where, $"{key}.where"));
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
            throw new PluginSettingsException($"{key} is not a regular expression: {e.Message}", e);
        }
    }
}
