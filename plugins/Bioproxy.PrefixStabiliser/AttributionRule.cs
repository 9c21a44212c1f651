using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>
/// Removes the header with which Claude Code attributes its requests (<c>x-anthropic-billing-header: … cch=…</c>): it is first in the
/// system prompt and another one in every request. It is meant for the accounts of one vendor; the client itself can leave it out.
/// </summary>
internal sealed class AttributionRule : IPromptRule
{
    private const string Header = "x-anthropic-billing-header:";

    public string Name => "attribution";

    public int Apply(PromptContext context, CancellationToken cancellationToken)
    {
        var count = 0;
        if (context.Body.Span.IndexOf("x-anthropic-billing-header:"u8) < 0)
            return 0; // most requests: nothing is decoded
        PromptTexts.EditSystem(context, Without);
        return count;

        string Without(string text)
        {
            while (text.StartsWith(Header, StringComparison.Ordinal))
            {
                var end = text.IndexOf('\n', StringComparison.Ordinal);
                text = end < 0 ? string.Empty : text[(end + 1)..];
                count++;
            }

            return text;
        }
    }
}
