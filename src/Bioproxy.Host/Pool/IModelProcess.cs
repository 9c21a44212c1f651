namespace Bioproxy.Host.Pool;

/// <summary>A running server of one model.</summary>
internal interface IModelProcess
{
    /// <summary>Where it answers requests.</summary>
    Uri Address { get; }

    /// <summary>Completes when the process has ended, whatever the reason. Never fails.</summary>
    Task<ModelExit> Ended { get; }

    /// <summary>
    /// Asks the process to end, kills it when it does not, and completes when it has ended. May be called again. Never fails.
    /// </summary>
    Task StopAsync();
}
