using System.Text.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>Causes of misses and the prefix stabiliser's rules.</summary>
internal static class MissCauses
{
    private static readonly string[] Names =
        [.. Enum.GetValues<MissCause>().Select(static cause => JsonNamingPolicy.SnakeCaseLower.ConvertName(cause.ToString()))];

    /// <summary>Its name in metrics, logs and answers.</summary>
    public static string NameOf(MissCause cause) => Names[(int)cause];

    /// <summary>The rule that would have mended it; null when there is none.</summary>
    /// <param name="cause">The cause.</param>
    /// <param name="role">The role of the message in which it lies.</param>
    /// <param name="isLater">It lies behind the first user message, where no rule for lines applies.</param>
    public static string? RuleOf(MissCause cause, string role, bool isLater = false) => cause switch
    {
        MissCause.BillingHeader => "attribution",
        MissCause.ToolOrder => "tool_order",
        MissCause.SchemaOrder => "schema_order",
        MissCause.ToolArguments => "tool_arguments",
        MissCause.Reasoning => "reasoning",
        MissCause.WhiteSpace when role == "assistant" => "answer_text",
        MissCause.SystemReminder => "system_reminder",
        MissCause.MidSystem => "late_system",
        MissCause.Nonce or MissCause.CurrentDate or MissCause.CurrentTime or MissCause.TurnsLeft or MissCause.TokenUsage or MissCause.Cost
            or MissCause.GitStatus or MissCause.DirectoryListing when !isLater => NameOf(cause),
        _ => null,
    };
}
