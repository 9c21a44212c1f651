using Bioproxy.Host.Admin;
using Bioproxy.Host.Requests;
using Bioproxy.Host.WarmUp;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Dashboard;

/// <summary>What the page can change beside the operations of the admin port.</summary>
internal sealed class DashboardActions(RequestJournal journal, KvAdmin snapshots, WarmUpScheduler warmUps, TryIt tryIt)
{
    private const string Cancel = "/requests/cancel";
    private const string Pin = "/kv/pin";
    private const string WarmUp = "/templates/warm";

    public TryIt Try => tryIt;

    public static bool IsMeant(string path) => path is Cancel or Pin or WarmUp;

    public AdminAnswer Run(string path, IQueryCollection query) => path switch
    {
        Cancel => CancelRequest(query["id"].ToString()),
        Pin => snapshots.Pin(query["file"].ToString(), query["pinned"] != "false") is { } pinned
            ? new AdminAnswer(StatusCodes.Status200OK, pinned)
            : NotFound("There is no such snapshot. GET /kv lists them."),
        _ => WarmNow(),
    };

    private AdminAnswer CancelRequest(string id) => journal.Cancel(id)
        ? new AdminAnswer(StatusCodes.Status200OK, AdminJson.Document(writer => writer.WriteString("cancelled", id)))
        : NotFound("There is no such request under way; it may have ended.");

    /// <summary>The templates are looked at now and not at the next check; those that are warm stay as they are.</summary>
    private AdminAnswer WarmNow()
    {
        warmUps.Poke();
        return new AdminAnswer(StatusCodes.Status202Accepted, AdminJson.Document(writer => writer.WriteBoolean("checking", true)));
    }

    private static AdminAnswer NotFound(string message) =>
        new(StatusCodes.Status404NotFound, AdminJson.Error("not_found", message));
}
