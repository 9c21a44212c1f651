namespace Bioproxy.Host.Configuration;

/// <summary>How log lines are written.</summary>
internal enum LogFormat
{
    /// <summary>Readable lines.</summary>
    Text,

    /// <summary>One JSON object a line, for log collectors.</summary>
    Json,
}
