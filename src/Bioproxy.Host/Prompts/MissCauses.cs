namespace Bioproxy.Host.Prompts;

/// <summary>Causes of misses and the normaliser's rules.</summary>
internal static class MissCauses
{
    /// <summary>The rule that would have mended it; null when there is none.</summary>
    /// <param name="cause">The cause.</param>
    /// <param name="role">The role of the message in which it lies.</param>
    public static string? RuleOf(MissCause cause, string role) => cause switch
    {
        MissCause.BillingHeader => "billing_header",
        MissCause.ToolOrder => "tool_order",
        MissCause.SchemaOrder => "schema_order",
        MissCause.ToolArguments => "tool_arguments",
        MissCause.Reasoning => "answer_text",
        MissCause.WhiteSpace when role == "assistant" => "answer_text",
        MissCause.SystemReminder => "system_reminder",
        MissCause.MidSystem => "mid_system",
        MissCause.CurrentDate => "current_date",
        MissCause.CurrentTime => "current_time",
        MissCause.Counter => "counters",
        MissCause.GitStatus or MissCause.DirectoryListing => "git_status",
        _ => null,
    };
}
