namespace Bioproxy.PrefixStabiliser;

/// <summary>
/// The rules that <c>use</c> switches on. Dates and counters need a digit in their line: headings and instructions about them stay.
/// </summary>
internal static class BuiltInRules
{
    private static readonly string[] Everywhere = ["system", "first_user"];

    /// <summary>The rules.</summary>
    public static IReadOnlyList<RuleSettings> All { get; } =
    [
        // Claude Code: "x-anthropic-billing-header: cc_version=2.1.100.7b4; cc_entrypoint=cli; cch=eb6c6;", another one for every request.
        new() { Name = "billing_header", Action = "remove", Match = "^x-anthropic-[a-z-]+:" },

        new()
        {
            Name = "nonce",
            Action = "remove",
            Match = @"(?i)^\W{0,8}(?:x-)?(?:nonce|(?:request|session|conversation|trace|message|correlation)[ _-]?id)"
                + @"\W{1,4}\S*[0-9]\S*\s*$",
        },
        new()
        {
            Name = "current_date",
            Action = "move",
            Where = Everywhere,
            Match = @"(?i)^\W{0,8}(?:today['’]?s date|today is|(?:the )?current[ _-]?date|date today)\b.*[0-9]",
        },
        new()
        {
            Name = "current_time",
            Action = "move",
            Where = Everywhere,
            Match = @"(?i)^\W{0,8}(?:(?:the )?(?:current|local|system)[ _-]?(?:date ?(?:and|&|/)? ?)?time"
                + @"|timestamp|time now|it is now)\b.*[0-9]",
        },
        new()
        {
            Name = "turns_left",
            Action = "move",
            Where = Everywhere,
            Match = @"(?i)\b[0-9]+ (?:more )?(?:turns?|steps?|iterations?|messages?|requests?|attempts?|tool calls?|tokens?)"
                + @" (?:left|remaining)\b",
        },
        new()
        {
            Name = "token_usage",
            Action = "move",
            Where = Everywhere,
            Match = @"(?i)^\W{0,8}(?:token|context)[ _-]?(?:usage|budget)\b.*[0-9]",
        },
        new()
        {
            Name = "cost",
            Action = "move",
            Where = Everywhere,
            Match = @"(?i)^\W{0,8}(?:(?:current|total|session)[ _-]?cost|cost(?: so far)?)\b\W.*[0-9]"
                + @"|^\$[0-9]+(?:\.[0-9]+)?(?: \(?USD\)?)?\s*$",
        },

        // Claude Code: "gitStatus: This is the git status at the start of the conversation. …", branches, changes and commits behind it.
        new()
        {
            Name = "git_status",
            Action = "pin",
            AppliesTo = "text",
            Where = Everywhere,
            Match = @"(?m)^gitStatus:[^\n]*(?:\n+(?:Current branch|Main branch|Git user|Status|Recent commits)[^\n]*"
                + @"|\n+\(clean\)|\n[ MADRCUT?!]{2} [^\n]*|\n[0-9a-f]{7,40} [^\n]*)*"
                + @"|<git_status>[\s\S]*?</git_status>",
        },

        // Trees as agents draw them, and Cline's list.
        new()
        {
            Name = "directory_listing",
            Action = "pin",
            AppliesTo = "text",
            Where = Everywhere,
            Match = @"(?m)(?:^[ \t│]*[├└][^\n]*\n?)+|^# Current Working Directory [^\n]*Files\n(?:[^\n]+\n?)+"
                + @"|<(?:directory_structure|directories|project_layout|file_tree)>[\s\S]*?"
                + @"</(?:directory_structure|directories|project_layout|file_tree)>",
        },
    ];
}
