namespace Bioproxy.Host.Http;

/// <summary>What the copying of a response is doing, and so whose an exception is.</summary>
internal enum CopyPhase
{
    /// <summary>Waits for the backend.</summary>
    Reading,

    /// <summary>Runs code of the proxy.</summary>
    Between,

    /// <summary>Waits for the client.</summary>
    Writing,
}
