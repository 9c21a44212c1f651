using System.Text.Json;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;

namespace Bioproxy.Host.Admin;

/// <summary>The explanation of one request: where its prompt went and what came of it.</summary>
internal static class ExplainPage
{
    public static void Write(Utf8JsonWriter writer, Explanation explanation)
    {
        writer.WriteString("request", explanation.Id);
        writer.WriteString("at", explanation.At);
        writer.WriteString("route", explanation.Route);
        writer.WriteString("lane", explanation.Lane);
        writer.WriteNumber("status", explanation.Status);
        writer.WriteSeconds("waited_seconds", TimeSpan.FromSeconds(explanation.WaitedSeconds));
        writer.WriteString("plan", explanation.Chosen is { } chosen ? PlanText.Of(chosen) : explanation.Note);
        writer.WriteStrings("compared", explanation.Considered.Select(option => PlanText.Of(option)));
        if (explanation.Candidates.Count > 0)
        {
            writer.WriteObjects("candidates", explanation.Candidates, candidate =>
            {
                writer.WriteString("backend", candidate.Model.Backend.Name);
                writer.WriteString("model", candidate.Model.Name);
                writer.WriteSeconds("wait_seconds", TimeSpan.FromSeconds(candidate.WaitSeconds));
                writer.WriteSeconds("load_seconds", TimeSpan.FromSeconds(candidate.LoadSeconds));
                writer.WriteSeconds("prompt_seconds", TimeSpan.FromSeconds(candidate.PromptSeconds));
                writer.WriteSeconds("eviction_seconds", TimeSpan.FromSeconds(candidate.EvictionSeconds));
            });
        }

        if (explanation.Rules.Count > 0)
        {
            writer.WriteStartObject("rules");
            foreach (var (rule, count) in explanation.Rules)
                writer.WriteNumber(rule, count);
            writer.WriteEndObject();
        }

        writer.WriteNumberOrNull("slot", explanation.Slot);
        writer.WriteNumberOrNull("expected_tokens", explanation.ExpectedTokens);
        writer.WriteString("result", explanation.Result);
        writer.WriteNumberOrNull("cached_tokens", explanation.CachedTokens);
        writer.WriteNumberOrNull("computed_tokens", explanation.ComputedTokens);
        if (explanation.Conversation is { } conversation)
        {
            writer.WriteString("conversation", conversation.ToString());
            writer.WriteString("conversation_source", explanation.ConversationSource);
        }

        if (explanation.Side != SideKind.None)
            writer.WriteString("side_request", AdminJson.Name(explanation.Side));
        if (explanation is { LostTokens: { } tokens, LostSeconds: { } seconds })
        {
            writer.WriteNumber("lost_tokens", tokens);
            writer.WriteSeconds("lost_seconds", TimeSpan.FromSeconds(seconds));
        }

        if (explanation.Difference is not { } difference)
        {
            writer.WriteNull("first_difference");
            return;
        }

        writer.WriteStartObject("first_difference");
        writer.WriteNumber("position_bytes", difference.Position);
        writer.WriteString("where", difference.Where);
        if (difference.Line is { } line)
            writer.WriteNumber("line", line);
        if (difference.Cause != MissCause.Other)
            writer.WriteString("cause", MissCauses.NameOf(difference.Cause));
        if (difference.Rule is { } mending)
            writer.WriteString("rule", mending);
        if (difference.Excerpt is { } excerpt)
            writer.WriteString("excerpt", excerpt);
        if (difference.Was is { Length: > 0 } was)
            writer.WriteString("was", was);
        writer.WriteEndObject();
    }
}
