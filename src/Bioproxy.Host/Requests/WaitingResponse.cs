using System.Globalization;

namespace Bioproxy.Host.Requests;

/// <summary>
/// The events of a stream of <c>/v1/responses</c> that waits. Codex counts events only: its idle timer runs on through comments, and ends
/// the stream after five minutes. <c>response.in_progress</c> may come any number of times, and llama-server itself repeats it while it
/// computes a prompt. Helpers of the official SDKs collect the answer in the response of the first event, which must be
/// <c>response.created</c>, with its lists; later ones they skip, so that the server's own events may follow.
/// </summary>
internal static class WaitingResponse
{
    /// <summary>The events of one moment.</summary>
    /// <param name="id">The request's id.</param>
    /// <param name="now">The time.</param>
    /// <param name="isFirst">Nothing was sent yet.</param>
    public static string Events(string id, DateTimeOffset now, bool isFirst) =>
        isFirst ? Event("created", id, now) + Event("in_progress", id, now) : Event("in_progress", id, now);

    private static string Event(string name, string id, DateTimeOffset now)
    {
        var seconds = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"event: response.{name}\ndata: {{\"type\":\"response.{name}\",\"response\":{{\"id\":\"resp_{id}\",\"object\":\"response\","
            + $"\"created_at\":{seconds},"
            + "\"status\":\"in_progress\",\"error\":null,\"incomplete_details\":null,\"instructions\":null,\"metadata\":{},\"model\":\"\","
            + "\"output\":[],\"parallel_tool_calls\":true,\"tool_choice\":\"auto\",\"tools\":[],\"usage\":null}}\n\n";
    }
}
