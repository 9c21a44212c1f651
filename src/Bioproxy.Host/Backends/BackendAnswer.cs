using Bioproxy.Host.Http;

namespace Bioproxy.Host.Backends;

/// <summary>The outcome of a control call: a value, or why there is none.</summary>
/// <param name="Value">The value; null when the call failed.</param>
/// <param name="Status">The HTTP status; 0 when no whole answer came.</param>
/// <param name="Problem">What went wrong, for people; null when nothing did.</param>
/// <param name="Fault">How the transport failed; null when an answer came, whatever it says.</param>
/// <param name="Connection">The connection that carried the call.</param>
internal readonly record struct BackendAnswer<T>(T? Value, int Status, string? Problem, TransportFault? Fault, ConnectionUse? Connection)
    where T : class
{
    public bool IsSuccess => Value is not null;

    /// <summary>The connection was refused, lost or never made: another process may stand behind the address by now. Silence is not
    /// that.</summary>
    public bool IsUnreachable =>
        Fault is TransportFault.ConnectTimedOut or TransportFault.Unreachable or TransportFault.Closed or TransportFault.Malformed;

    /// <summary>The backend took the call and did not answer in time: nothing is known, and nothing known before is wrong.</summary>
    public bool IsSilent => Fault == TransportFault.AnswerTimedOut;

    /// <summary>The same failure, as that of another call.</summary>
    public BackendAnswer<TOther> As<TOther>()
        where TOther : class => new(null, Status, Problem, Fault, Connection);
}
